/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest C is written with: kernel-decoding code over the kernel's own
 * types, compiled by guestcc. Owner: compiler. See docs/guest-c.md.
 *
 *   guest_try(fn, argument)   run fn(argument) inside an error boundary: 0, or
 *                             the status of the fault that ended it
 *   guest_string_copy(…)      strncpy from the guest, bounded
 *   container_of, READ_ONCE, list_for_each_entry, hlist_nulls_for_each_entry…
 *   bounded walks: guest_bound(&bound) per step; STATUS_LIMIT at the end
 *   field_exists, type_exists, enum_value, field_size, type_size, field_offset
 *   per_cpu_ptr(ptr, cpu)
 */
#ifndef GUEST_KERNEL_GUESTC_H
#define GUEST_KERNEL_GUESTC_H
#endif
