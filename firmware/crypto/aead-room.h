/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In firmware, in the place of link/aead-room.h. */
#ifndef LINK_AEAD_ROOM_H
#define LINK_AEAD_ROOM_H

enum {
	/* BearSSL's br_aes_x86ni_ctr_keys, in whole lines (primitives.c asserts that it fits). */
	LINK_AEAD_KEY_SIZE = 320,
};

#endif
