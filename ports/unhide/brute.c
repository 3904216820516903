/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the place of unhide-linux-bruteforce.c. That makes processes and threads until every number was had, and calls
 * hidden what it never got. Inside it gets none, of this machine or of the target, and it would call every number that
 * nobody has a hidden process. */
#include <stdio.h>
#include <stdlib.h>

void brute(void);

enum {
	EXIT_REFUSED = 2, /* unhide's own: 0 nothing found, 1 found */
};

void brute(void)
{
	(void)fflush(stdout);
	(void)fputs("unhide: brute is refused: it makes processes to see which numbers are taken, and those would be "
		    "of the "
		    "machine that it runs on, not of the target; `quick`, `sys` and `proc` ask the target\n",
		    stderr);
	exit(EXIT_REFUSED);
}
