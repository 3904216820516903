/* SPDX-License-Identifier: GPL-2.0-or-later */
#define UTS_RELEASE "1.2.3-made-up"
