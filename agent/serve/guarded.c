/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/guarded.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/report.h"

static _Thread_local sigjmp_buf *volatile way_back;

static void handle(int number)
{
	if (way_back != NULL)
		siglongjmp(*way_back, 1);
	/* Nobody's expected fault: end as without a handler. */
	signal(number, SIG_DFL);
}

status guarded_init(void)
{
	/* SA_NODEFER: it isn't left by returning, so nothing would unblock it. */
	const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NODEFER};

	if (sigaction(SIGBUS, &action, NULL) != 0)
		return report(STATUS_IO, "can't handle SIGBUS: %s", strerror(errno));
	return STATUS_OK;
}

status guarded_run(guarded_work work, void *context)
{
	/* Not changed after sigsetjmp(): what is in it then is good after the jump, too. */
	sigjmp_buf here, *const before = way_back;

	if (sigsetjmp(here, 0) != 0) {
		way_back = before;
		return report(STATUS_IO, "memory vanished while it was used: its file became shorter");
	}
	way_back = &here;
	status result = work(context);
	way_back = before;
	return result;
}
