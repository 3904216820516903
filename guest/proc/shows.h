/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every generator and every existence question that nodes.h names. */
#ifndef GUEST_PROC_SHOWS_H
#define GUEST_PROC_SHOWS_H

#include <stdbool.h>

struct seq;

#define DIRECTORY(path_)
#define LINK(path_, target_)
#define FILE_NODE(path_, show_, exists_) void show_(struct seq *seq);
#include "guest/proc/nodes.h"
#undef DIRECTORY
#undef LINK
#undef FILE_NODE

/* proc_exists: is the file in the initial network namespace's own /proc/net? */
bool net_node_exists(const char *path);
/* Has the target's procfs an entry at this path ("stat", "net/sctp/snmp"), shown
 * here or not? Processes and what is below /proc/sys aren't such entries. */
bool entry_exists(const char *path);

#endif
