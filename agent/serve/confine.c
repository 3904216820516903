/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"

/* All that are ever wanted are in the first of the two words. */
#define WANTED_CAPABILITIES ((1u << CAP_SYS_PTRACE) | (1u << CAP_DAC_READ_SEARCH))

static status failed(const char *what)
{
	return report(STATUS_IO, "can't %s: %s", what, strerror(errno));
}

/* What a program that we start could get back: nothing. Fails without CAP_SETPCAP, where
 * no_new_privs has the same effect. */
static void drop_bounding_set(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (i >= 32 || (WANTED_CAPABILITIES & 1u << i) == 0)
			(void)!prctl(PR_CAPBSET_DROP, i);
}

static status keep_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};

	if (syscall(SYS_capget, &head, sets) != 0)
		return failed("read the capabilities");
	const struct __user_cap_data_struct kept[2] = {{.effective = sets[0].permitted & WANTED_CAPABILITIES,
							.permitted = sets[0].permitted & WANTED_CAPABILITIES}};
	if (syscall(SYS_capset, &head, kept) != 0)
		return failed("give up capabilities");
	return STATUS_OK;
}

/* A new user clears it (prctl(2)): who was to end with its parent still does. */
static status keep_parent_death_signal(int signal, pid_t parent)
{
	if (signal == 0)
		return STATUS_OK;
	if (prctl(PR_SET_PDEATHSIG, signal) != 0)
		return failed("stay bound to the parent process");
	/* Too late for that signal? It is on its way to nobody. */
	return getppid() == parent ? STATUS_OK : report(STATUS_GONE, "the parent process has ended");
}

static status become(const char *user)
{
	const struct passwd *found = user != NULL ? getpwnam(user) : NULL;

	if (user == NULL)
		return STATUS_OK;
	if (found == NULL)
		return report(STATUS_USAGE, "there is no user \"%s\"", user);
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, NULL) != 0 ||
	    setresgid(found->pw_gid, found->pw_gid, found->pw_gid) != 0 ||
	    setresuid(found->pw_uid, found->pw_uid, found->pw_uid) != 0)
		return report(STATUS_DENIED, "can't become the user \"%s\": %s", user, strerror(errno));
	return STATUS_OK;
}

status confine_process(const char *user, const int devices[], size_t device_count)
{
	pid_t parent = getppid();
	int signal = 0;

	if (prctl(PR_GET_PDEATHSIG, &signal) != 0)
		return failed("read whether to end with the parent process");
	drop_bounding_set();
	TRY(become(user));
	TRY(keep_capabilities());
	TRY(keep_parent_death_signal(signal, parent));
	/* Other processes of the same user get at neither key nor guests' memory. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("give up privileges");
	return confine_calls(devices, device_count);
}
