// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/bartizan0: this machine's memory, page by page, as the papers' device has it: pread()'s offset is the number of
 * the first page. It stands for a source where there is none outside the kernel, to compare with: it shows what this
 * kernel, the very one that is watched, lets it show, and so makes no claim of security.
 *
 * Who reads may read all: root with CAP_SYS_RAWIO, on a kernel that isn't locked down, as is the rule of /dev/mem. The
 * right is asked for when it is opened; whether the kernel is locked down, each time: that can come later.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "bartizan.h"
#include "minors.h"

/* Behind the last page there can be: MAXPHYADDR is 52 at most (SDM vol. 3A, 4.1.4). */
#define PAGE_NUMBER_END (1ULL << (52 - PAGE_SHIFT))

static int is_locked_down(void)
{
	return security_locked_down(LOCKDOWN_DEV_MEM);
}

static int machine_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_RAWIO) ? is_locked_down() : -EPERM;
}

/* A page may be taken out of the kernel's own mapping at any moment (secretmem): then it can't be read. */
static int read_page(unsigned long long number, void *page)
{
	if (number >= PAGE_NUMBER_END || page_is_ram(number) == 0)
		return -ENXIO;
	return copy_from_kernel_nofault(page, __va(number << PAGE_SHIFT), PAGE_SIZE) == 0 ? 0 : -EIO;
}

/* As many of the pages as there are, from the first on; an error if that isn't one. */
static ssize_t read_pages(loff_t first, size_t count, char __user *to)
{
	void *page = (void *)__get_free_page(GFP_KERNEL);
	int result = 0;
	size_t i;

	if (page == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		result = read_page((unsigned long long)first + i, page);
		if (result == 0 && copy_to_user(to + i * PAGE_SIZE, page, PAGE_SIZE) != 0)
			result = -EFAULT;
		if (result != 0)
			break;
	}
	free_page((unsigned long)page);
	return i > 0 ? (ssize_t)(i * PAGE_SIZE) : result;
}

static ssize_t machine_read(struct file *file, char __user *to, size_t size, loff_t *position)
{
	const size_t count = size / PAGE_SIZE;
	const int locked_down = is_locked_down();
	ssize_t result;

	if (locked_down != 0)
		return locked_down;
	if (size % PAGE_SIZE != 0 || count == 0 || count > BARTIZAN_PAGE_COUNT_MAX || *position < 0)
		return -EINVAL;
	result = read_pages(*position, count, to);
	if (result > 0)
		*position += result / PAGE_SIZE;
	return result;
}

/* The first run at or behind where it was to be looked: the others need no look. */
static int take_run(struct resource *found, void *argument)
{
	struct bartizan_ram *ram = argument;
	const unsigned long long from = (found->start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	const unsigned long long end = (found->end + 1) >> PAGE_SHIFT;
	const unsigned long long first = max(from, ram->from);

	if (first >= end)
		return 0;
	ram->from = first;
	ram->page_count = end - first;
	return 1;
}

static long give_registers(void __user *to)
{
	struct bartizan_registers registers = {0};
	struct desc_ptr idt;

	registers.cpu_index = get_cpu();
	registers.cr0 = read_cr0();
	registers.cr3 = __read_cr3();
	registers.cr4 = native_read_cr4();
	registers.efer = native_read_msr(MSR_EFER);
	store_idt(&idt);
	registers.idt_base = idt.address;
	put_cpu();
	return copy_to_user(to, &registers, sizeof registers) != 0 ? -EFAULT : 0;
}

static long machine_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	const int locked_down = is_locked_down();
	struct bartizan_ram ram;

	if (locked_down != 0)
		return locked_down;
	if (command == BARTIZAN_REGISTERS)
		return give_registers((void __user *)argument);
	if (command != BARTIZAN_NEXT_RAM)
		return -ENOTTY;
	if (copy_from_user(&ram, (void __user *)argument, sizeof ram) != 0)
		return -EFAULT;
	ram.page_count = 0;
	if (ram.from < PAGE_NUMBER_END)
		walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, ram.from << PAGE_SHIFT,
				    PAGE_NUMBER_END << PAGE_SHIFT, &ram, take_run);
	return copy_to_user((void __user *)argument, &ram, sizeof ram) != 0 ? -EFAULT : 0;
}

const struct file_operations machine_operations = {
	.owner = THIS_MODULE,
	.open = machine_open,
	.read = machine_read,
	.llseek = default_llseek,
	.unlocked_ioctl = machine_ioctl,
};
