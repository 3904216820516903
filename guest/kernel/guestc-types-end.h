/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends the region that guestc-types-begin.h opened. */
#pragma clang attribute pop
