/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many bytes the key schedule of a library may have. Sessions are copied and wiped with it, so firmware, where that
 * counts, is built with one of its own in this one's place (firmware/crypto/aead-room.h, tools/build/firmware).
 */
#ifndef LINK_AEAD_ROOM_H
#define LINK_AEAD_ROOM_H

enum {
	/* ipsec-mb's struct gcm_key_data, the largest in use. */
	LINK_AEAD_KEY_SIZE = 2048,
};

#endif
