// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests/test_smm.py: what an attacker has who owns the kernel. SMIs by the kernel, and its page tables altered.
 * It does whatever root tells it to.
 */
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "smi-kernel.h"

enum { PORT = 0xb2, COMMAND = 0xb7, PTI_USER_TABLES = 0x1000 };

static unsigned long long call(unsigned long long buffer, unsigned long long size)
{
	unsigned long long rax = COMMAND, rbx = 0x4e415a4954524142;

	asm volatile("outb %%al, %[port]\n\t"
		     "jmp 1f\n"
		     "1:"
		     : "+b"(rbx), "+a"(rax)
		     : "D"(buffer), "c"(size), [port] "N"(PORT)
		     : "memory", "cc");
	return rbx;
}

static unsigned long long user_cr3(void)
{
	const unsigned long long cr3 = __read_cr3();

	return static_cpu_has(X86_FEATURE_PTI) ? cr3 | PTI_USER_TABLES : cr3;
}

static long command(struct file *file, unsigned int number, unsigned long argument)
{
	struct smi_kernel_request request;

	if (number != SMI_KERNEL_COMMAND)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)argument, sizeof request) != 0)
		return -EFAULT;
	switch (request.operation) {
	case SMI_KERNEL_CALL: request.result = call(request.first, request.second); break;
	case SMI_KERNEL_READ: request.result = READ_ONCE(*(unsigned long long *)__va(request.first)); break;
	case SMI_KERNEL_WRITE: WRITE_ONCE(*(unsigned long long *)__va(request.first), request.second); break;
	case SMI_KERNEL_CR3: request.result = user_cr3(); break;
	case SMI_KERNEL_CR4: request.result = native_read_cr4(); break;
	case SMI_KERNEL_MSR: rdmsrl(request.first, request.result); break;
	default: return -EINVAL;
	}
	return copy_to_user((void __user *)argument, &request, sizeof request) != 0 ? -EFAULT : 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = command,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "smi-kernel",
	.fops = &operations,
	.mode = 0600,
};

module_misc_device(device);
MODULE_DESCRIPTION("An attacker in the kernel, for a test");
MODULE_LICENSE("GPL");
