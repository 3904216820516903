/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BARTIZAN_ASSERT_H
#define BARTIZAN_ASSERT_H

#define static_assert _Static_assert

#endif
