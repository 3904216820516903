/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML files that people write, read by libyaml: mappings whose keys are known one by one. What
 * isn't understood is a fault with its line, and never passed over.
 */
#ifndef VERIFIER_SETTINGS_YAML_FILE_H
#define VERIFIER_SETTINGS_YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yaml.h>

#include "base/reader.h"
#include "base/status.h"

struct yaml_file {
	yaml_document_t document;
	const char *name; /* in messages: "the policy" */
};

/* STATUS_MALFORMED, reported with the line: it isn't YAML, or beyond `size_max`. */
MUST_USE status yaml_file_init(struct yaml_file *file, const char *name, struct span bytes, size_t size_max);
void yaml_file_deinit(struct yaml_file *file);

/* The outermost value; NULL: nothing but comments. */
yaml_node_t *yaml_file_root(struct yaml_file *file);

/* STATUS_MALFORMED, reported: "line 7 of the policy: `wanted` is wanted here". */
MUST_USE status yaml_fault(const struct yaml_file *file, const yaml_node_t *node, const char *wanted);

/* One key of a mapping: what reads its value into the object. */
struct yaml_key {
	const char *name;
	status (*read)(struct yaml_file *file, yaml_node_t *value, void *object);
};

enum { YAML_KEY_COUNT_MAX = 32 };

/* Each key at most once, in any order. STATUS_MALFORMED, reported. */
MUST_USE status yaml_mapping_read(struct yaml_file *file, yaml_node_t *mapping, const struct yaml_key *keys,
				  size_t key_count, void *object);
bool yaml_mapping_has(struct yaml_file *file, const yaml_node_t *mapping, const char *wanted);

/* A scalar's text, as long as the file; NULL: it isn't a scalar, or has a NUL in it. */
const char *yaml_scalar(const yaml_node_t *node);
/* Text of 1 to size - 1 bytes, copied. `wanted` in the fault. */
MUST_USE status yaml_text(const struct yaml_file *file, const yaml_node_t *node, const char *wanted, char *ret_text,
			  size_t size);
/* A decimal number of at most `max`. */
MUST_USE status yaml_number(const struct yaml_file *file, const yaml_node_t *node, uint64_t max, uint64_t *ret_number);
MUST_USE status yaml_bool(const struct yaml_file *file, const yaml_node_t *node, bool *ret_value);

/* A sequence's entries; 0 for what is no sequence. */
size_t yaml_sequence_count(const yaml_node_t *node);
yaml_node_t *yaml_sequence_entry(struct yaml_file *file, const yaml_node_t *node, size_t index);

#endif
