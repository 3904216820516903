/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: BTF by hand, as Documentation/bpf/btf.rst describes it. */
#ifndef GUEST_KERNEL_BTF_ENCODER_H
#define GUEST_KERNEL_BTF_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BTF_ENCODER_WORDS_MAX = 1 << 15,
	BTF_ENCODER_STRINGS_MAX = 1 << 14,
};

struct btf_encoder {
	uint32_t words[BTF_ENCODER_WORDS_MAX];
	uint32_t word_count;
	char strings[BTF_ENCODER_STRINGS_MAX];
	uint32_t strings_size;
	uint32_t strings_start; /* 0, or where the base's strings end */
	uint32_t type_count; /* types so far: the last one's id */
};

void btf_encoder_init(struct btf_encoder *encoder);
/* A module's: goes on behind a finished base. */
void btf_encoder_init_split(struct btf_encoder *encoder, const struct btf_encoder *base);

/* Begin a type: kind, flag and count as in btf_type.info. Returns its id. */
uint32_t btf_encoder_type(struct btf_encoder *encoder, uint32_t kind, bool flag, uint32_t count, const char *name,
			  uint32_t size_or_type);
/* What follows it, word by word; a string's offset is such a word. */
void btf_encoder_word(struct btf_encoder *encoder, uint32_t word);
uint32_t btf_encoder_string(struct btf_encoder *encoder, const char *string);
/* name, type, offset word */
void btf_encoder_member(struct btf_encoder *encoder, const char *name, uint32_t type, uint32_t offset);

/* The finished BTF, in memory from malloc. `layout` (of `layout_size` bytes,
 * may be NULL) goes into a layout section, which makes the header larger. */
uint8_t *btf_encoder_finish(const struct btf_encoder *encoder, const uint8_t *layout, uint32_t layout_size,
			    size_t *ret_size);

#endif
