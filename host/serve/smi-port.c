/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/io.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"
#include "host/serve/smi.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

/* "[none] integrity confidentiality": security/lockdown/lockdown.c, lockdown_read(). Both refuse ioperm(). */
static bool is_locked_down(void)
{
	char text[64] = "";
	int file = open(LOCKDOWN, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return false;
	ssize_t size = read(file, text, sizeof text - 1);
	close(file);
	return size > 0 && strstr(text, "[none]") == NULL;
}

/* In this user namespace; ioperm() wants it in the first one. */
static bool has_raw_io(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective & CAP_TO_MASK(CAP_SYS_RAWIO)) != 0;
}

status smi_port_open(void)
{
	if (ioperm(SMI_PORT, 1, 1) == 0)
		return STATUS_OK;
	if (errno != EPERM)
		return report(STATUS_DENIED,
			      "the kernel has no way to the port 0x%x that firmware listens on: %s (it needs "
			      "CONFIG_X86_IOPL_IOPERM)",
			      SMI_PORT, strerror(errno));
	if (is_locked_down())
		return report(
			STATUS_DENIED,
			"the kernel is locked down (" LOCKDOWN "), so programs can't reach the port 0x%x that "
			"firmware listens on, and its memory can't be read by a module either: boot with lockdown=none "
			"(without Secure Boot)",
			SMI_PORT);
	if (has_raw_io())
		return report(
			STATUS_DENIED,
			"the kernel refuses the port 0x%x that firmware listens on although CAP_SYS_RAWIO is there: it "
			"is probably locked down (" LOCKDOWN " says so, where securityfs is mounted; then boot with "
			"lockdown=none, without Secure Boot), or this is a container's root",
			SMI_PORT);
	return report(STATUS_DENIED,
		      "no right to the port 0x%x that firmware listens on: run this as root, or give it CAP_SYS_RAWIO",
		      SMI_PORT);
}

/* The jump ends QEMU's translation block: TCG takes the SMI only there. A CPU takes it at the instruction's end. */
uint64_t smi_port_call(void *buffer, size_t size)
{
	uint64_t rax = SMI_COMMAND, rbx = SMI_CALLER;

	__asm__ volatile("outb %%al, %[port]\n\t"
			 "jmp 1f\n"
			 "1:"
			 : "+b"(rbx), "+a"(rax)
			 : "D"(buffer), "c"(size), [port] "N"(SMI_PORT)
			 : "memory", "cc");
	return rbx;
}
