/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the build has no kernel's headers. */
#include "forge-headers.h"

#include "base/report.h"

bool headers_question_is_one(const char *line)
{
	(void)line;
	return false;
}

status headers_question_ask(struct guest_kernel *kernel, const char *line, struct proc_text *ret_text)
{
	(void)kernel;
	(void)ret_text;
	return report(STATUS_UNSUPPORTED, "%s: built without a kernel's headers", line);
}
