/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/io.h>
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
		return report(STATUS_DENIED,
			      "the kernel is locked down (" LOCKDOWN "), so programs can't reach the port 0x%x that "
			      "firmware listens on: boot with lockdown=none (without Secure Boot), or use the module",
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
