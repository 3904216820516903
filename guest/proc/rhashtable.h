/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of what is in a resizable hash table. Guest C. */
#ifndef GUEST_PROC_RHASHTABLE_H
#define GUEST_PROC_RHASHTABLE_H

#include "guest/proc/rows.h"
#include "guest/proc/types/rhashtable.h"

/* Show what is in it ; of elements with equal keys (rhltable) the first of each.
 * `node_offset`: where in an object its rhash_head lies. */
GUEST_C void rows_show_rhashtable(struct rows *rows, const struct rhashtable *hash, u64 node_offset);

#endif
