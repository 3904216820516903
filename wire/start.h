/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block with which the host starts an image. The image copies it once,
 * validates the copy, and never looks at the original again.
 *
 * Stack and heap are not in it: they are part of the image (wire/image.h), so
 * that a measurement covers where they are.
 */
#ifndef WIRE_START_H
#define WIRE_START_H

#include <assert.h>
#include <stdint.h>

#define START_MAGIC 0x31545241545a5442ull /* "BTZTART1", little-endian */

enum {
	/* Strings of argv and envp together: as generous as the programs need. */
	START_STRING_SIZE_MAX = 128 * 1024,
	START_ARGUMENT_COUNT_MAX = 4096,
	START_ENVIRONMENT_COUNT_MAX = 1024,
};

enum start_flags {
	/* A target's page source stands behind CALL_SOURCE_*. Only with START_PLAIN,
	 * never with START_HAS_LINK. */
	START_HAS_SOURCE = 1 << 1,
	/* A profile of the target's kernel stands behind CALL_PROFILE_*. */
	START_HAS_PROFILE = 1 << 2,
	/* No enclave: the image runs unprotected, may use CALL_SOURCE_*, and can
	 * never show evidence. Decided here, once. */
	START_PLAIN = 1 << 3,
	/* `ring` leads to a source; the fields from there on are filled in. */
	START_HAS_LINK = 1 << 4,
	/* The CPU has VAES and VPCLMULQDQ. Only a hint: used where the enclave's own
	 * XFRM has AVX-512; a lie ends in #UD. */
	START_VAES = 1 << 5,

	/* Another program inside runs this one: arguments and environment come from it, sealed
	 * (wire/peer.h); those in this block are worth nothing. */
	START_HAS_PARENT = 1 << 6,

	/* A connection to a remote verifier stands behind CALL_VERIFIER_*; `owner_key` is filled in. Never
	 * with START_PLAIN. */
	START_HAS_VERIFIER = 1 << 7,

	START_FLAGS = START_HAS_SOURCE | START_HAS_PROFILE | START_PLAIN | START_HAS_LINK | START_VAES |
		      START_HAS_PARENT | START_HAS_VERIFIER,
};

enum {
	START_KEY_SIZE = 32, /* X25519 */
	START_OWNER_KEY_SIZE = 64, /* ECDSA P-256: X and Y, big-endian */
	START_NONCE_SIZE = 32,
	START_TARGET_SIZE = 128,
};

/* Variables that every image is given, whatever its manifest says: how the target is to be looked at. The
 * host's choice, as the arguments are. */
#define START_VARIABLE_PID_NAMESPACE "BARTIZAN_PID_NAMESPACE"
#define START_VARIABLE_NETNS "BARTIZAN_NETNS"
/* "new:NAME", "at:NAME": an epoch that several programs share. */
#define START_VARIABLE_EPOCH "BARTIZAN_EPOCH"
/* "1": let the target stand still while an epoch lasts. */
#define START_VARIABLE_PAUSE "BARTIZAN_PAUSE"

struct start_block {
	uint64_t magic;
	uint64_t flags;
	uint64_t window; /* address of struct call_window, outside the image */
	uint64_t ring; /* address of struct link_ring, outside the image; 0 without START_HAS_LINK */
	/* Whom to ask for what. From the host, so not believed by themselves: the
	 * report binds them, the owner's grant must name them, and the handshake
	 * proves them. */
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE]; /* of the source's start */
	char target[START_TARGET_SIZE]; /* "qemu:1234", with its NUL and zeros behind it */
	uint32_t argument_count; /* at least 1: the program's name */
	uint32_t environment_count; /* "NAME=value" */
	/* The argument strings, then the environment's, each with its NUL. */
	uint64_t strings_size;
	uint8_t strings[START_STRING_SIZE_MAX];
};

static_assert(sizeof(struct start_block) == 304 + START_STRING_SIZE_MAX, "no padding");

#endif
