/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lsof would find out by trying, and can't inside. */

/* lsof looks at files in a child process, lest a dead file server hang it. Its option -O does
 * without; here that is how it starts, as nothing inside can hang and nothing can fork. */
extern int Fovhd;
/* It opens a file and looks for the offset in its own /proc/PID/fdinfo, to know whether this kernel tells
 * offsets there (2: it does). Linux does since 2.6.22, and the target is one; lsof itself has no /proc/PID. */
extern int OffType;

__attribute__((constructor)) static void start(void)
{
	Fovhd = 1;
	OffType = 2;
}
