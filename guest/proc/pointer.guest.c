/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printed pointers: lib/vsprintf.c, 5.10 to 7.2. */
#include "guest/proc/pointer.h"

#include "base/siphash.h"
#include "guest/proc/ahead.h"
#include "guest/proc/types/static-key.h"

#include "guest/kernel/guestc-types-begin.h"

typedef struct {
	u64 key[2];
} siphash_key_t;

#include "guest/kernel/guestc-types-end.h"

extern int kptr_restrict;
extern bool no_hash_pointers; /* from 5.12 */
extern bool debug_boot_weak_hash;
extern siphash_key_t ptr_key;
/* Is ptr_key still to be filled? One or the other, by the kernel's age. */
extern bool filled_random_ptr_key;
extern struct static_key_true not_filled_random_ptr_key;

enum {
	KPTR_HASHED = 0,
	KPTR_FOR_THE_CAPABLE = 1,
	ERROR_POINTERS = 4095, /* MAX_ERRNO */
};

static void text_plain(char text[POINTER_TEXT_SIZE], u64 value)
{
	for (int i = 15; i >= 0; i--, value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
	text[16] = '\0';
}

static bool key_is_filled(void)
{
	if (symbol_exists(not_filled_random_ptr_key))
		return not_filled_random_ptr_key.key.enabled.counter == 0;
	return filled_random_ptr_key;
}

/* ptr_to_id() */
static void text_hashed(char text[POINTER_TEXT_SIZE], u64 value)
{
	if (value == 0 || value >= -(u64)ERROR_POINTERS)
		text_plain(text, value);
	else if (symbol_exists(debug_boot_weak_hash) && debug_boot_weak_hash)
		text_plain(text, value * 0x61c8864680b583ebULL >> 32); /* hash_long(…, 32) */
	else if (!key_is_filled())
		memcpy(text, "(____ptrval____)", POINTER_TEXT_SIZE);
	else
		text_plain(text, (u32)siphash_1u64(value, ptr_key.key[0], ptr_key.key[1]));
}

void pointer_text(char text[POINTER_TEXT_SIZE], const void *pointer)
{
	if (symbol_exists(no_hash_pointers) && no_hash_pointers)
		text_plain(text, (u64)pointer);
	else
		text_hashed(text, (u64)pointer);
}

/* restricted_pointer() */
void pointer_text_restricted(char text[POINTER_TEXT_SIZE], const void *pointer)
{
	switch (kptr_restrict) {
	case KPTR_HASHED: pointer_text(text, pointer); break;
	case KPTR_FOR_THE_CAPABLE: text_plain(text, (u64)pointer); break;
	default: text_plain(text, 0); break;
	}
}

bool pointers_are_shown(void)
{
	return kptr_restrict == KPTR_HASHED || kptr_restrict == KPTR_FOR_THE_CAPABLE;
}

void pointer_ahead(void)
{
	AHEAD_VARIABLE(kptr_restrict, sizeof kptr_restrict);
	AHEAD_VARIABLE(no_hash_pointers, sizeof no_hash_pointers);
	AHEAD_VARIABLE(debug_boot_weak_hash, sizeof debug_boot_weak_hash);
	AHEAD_VARIABLE(ptr_key, 16);
	AHEAD_VARIABLE(filled_random_ptr_key, sizeof filled_random_ptr_key);
	AHEAD_VARIABLE(not_filled_random_ptr_key, 4);
}
