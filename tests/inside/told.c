/* SPDX-License-Identifier: GPL-2.0-or-later */
/* told [crash]: what uname() says, then perhaps a crash: for tests/test_run_link.py. */
#include <stdio.h>
#include <sys/utsname.h>

int main(int argc, char **argv)
{
	struct utsname name;

	if (uname(&name) != 0)
		return 1;
	if (argc > 1)
		*(volatile char *)(unsigned long)name.release[0] = 1; /* at an address of the target's making */
	printf("%s %s\n", name.nodename, name.release);
	return 0;
}
