/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/version: fs/proc/version.c, 5.10 to 7.2; the initial UTS namespace. */
#include "guest/proc/ahead.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/uts.h"

enum {
	UTS_SIZE = 65, /* __NEW_UTS_LEN + 1 */
	/* The banner's format: the three names are about 200 bytes, the
	 * compiler's line as much. */
	BANNER_SIZE_MAX = 1024,
	/* Without the names it is shorter; what is behind them is asked for by itself. */
	BANNER_AHEAD_SIZE = 256,
};

/* A printf format with three strings in it: sysname, release, version. */
extern const char linux_proc_banner[];

/* A name that has no end isn't one. */
static void name_copy(char name[UTS_SIZE], const char *source)
{
	if (guest_string_copy(name, UTS_SIZE, source) == UTS_SIZE)
		guest_fail(STATUS_MALFORMED, "a name in init_uts_ns has no end");
}

static void version_ahead(void *unused)
{
	(void)unused;
	AHEAD_VARIABLE(linux_proc_banner, BANNER_AHEAD_SIZE);
	AHEAD_START (&init_uts_ns)
		AHEAD_MEMBER (struct uts_namespace, name) {
			AHEAD_TAKE(struct new_utsname, sysname);
			AHEAD_TAKE(struct new_utsname, release);
			AHEAD_TAKE(struct new_utsname, version);
		}
}

/* The format is the target's: only %s is understood, nothing is handed to
 * printf. */
void version_show(struct seq *seq)
{
	char banner[BANNER_SIZE_MAX], name[UTS_SIZE];
	u32 names = 0;

	ahead(version_ahead, NULL, AHEAD_KEY_VERSION);
	if (guest_string_copy(banner, sizeof banner, linux_proc_banner) == sizeof banner)
		guest_fail(STATUS_MALFORMED, "linux_proc_banner has no end");
	for (u32 i = 0; banner[i] != '\0'; i++) {
		if (banner[i] != '%') {
			seq_putc(seq, banner[i]);
			continue;
		}
		if (banner[++i] != 's' || names == 3)
			guest_fail(STATUS_MALFORMED, "linux_proc_banner has a conversion that isn't one of three %s");
		if (names == 0)
			name_copy(name, init_uts_ns.name.sysname);
		else if (names == 1)
			name_copy(name, init_uts_ns.name.release);
		else
			name_copy(name, init_uts_ns.name.version);
		names++;
		seq_puts(seq, name);
	}
}
