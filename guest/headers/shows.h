/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pseudo files of this module: generators (guest/proc/running.h,
 * proc_text_make()), compiled against one kernel's headers. On any other kernel
 * each ends with both kernels' names.
 */
#ifndef GUEST_HEADERS_SHOWS_H
#define GUEST_HEADERS_SHOWS_H

struct seq;

/* As /proc/net/tcp and /proc/net/udp, of the initial network namespace. */
void headers_tcp_show(struct seq *seq);
void headers_udp_show(struct seq *seq);
/* As guest/proc/process-list.h. */
void headers_processes_show(struct seq *seq);

#endif
