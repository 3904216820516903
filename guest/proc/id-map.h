/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of users and groups in a user namespace. Guest C. */
#ifndef GUEST_PROC_ID_MAP_H
#define GUEST_PROC_ID_MAP_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/cred.h"

/* from_kuid_munged(), from_kgid_munged(): the kernel's own number as the namespace shows it; one that it doesn't have
 * is shown as nobody's. */
GUEST_C u32 id_map_user(const struct user_namespace *space, u32 user);
GUEST_C u32 id_map_group(const struct user_namespace *space, u32 group);

#endif
