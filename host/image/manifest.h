/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text form of an image's manifest (docs/port-a-program.md), and the notes
 * that it becomes in the image (wire/image.h).
 */
#ifndef HOST_IMAGE_MANIFEST_H
#define HOST_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/reader.h"
#include "base/status.h"

enum {
	MANIFEST_PATH_COUNT_MAX = 256,
	MANIFEST_ENVIRONMENT_COUNT_MAX = 64,
	MANIFEST_CALL_COUNT_MAX = 32,
	MANIFEST_PROGRAM_COUNT_MAX = 16,
	MANIFEST_SIZE_MAX = 64 * 1024,
};

/* As the image's note says it before each path. */
enum manifest_path_kind {
	MANIFEST_PATH_FILE = 'f', /* of the host: may be read */
	MANIFEST_PATH_TREE = 't', /* of the host: all below it may be read */
	MANIFEST_PATH_TARGET = 'n', /* names in it are the target's; "" is its root */
};

/* Sizes in bytes. Strings are owned by the struct. */
struct manifest {
	uint64_t heap_size, stack_size;
	uint32_t thread_count;
	bool debug;
	uint16_t isv_prod_id, isv_svn;
	struct manifest_path {
		char *path;
		enum manifest_path_kind kind;
	} paths[MANIFEST_PATH_COUNT_MAX];
	size_t path_count;
	char *environment[MANIFEST_ENVIRONMENT_COUNT_MAX];
	size_t environment_count;
	uint16_t calls[MANIFEST_CALL_COUNT_MAX];
	size_t call_count;
	char *programs[MANIFEST_PROGRAM_COUNT_MAX]; /* "NAME=" and MRENCLAVE */
	size_t program_count;
};

/* Parse `text`; `name` stands in messages. STATUS_MALFORMED: "name:line: …" was
 * reported. On success the caller owes manifest_deinit(). */
MUST_USE status manifest_init(struct manifest *manifest, const char *name, struct span text);
void manifest_deinit(struct manifest *manifest);

/* Write the assembler source of the manifest object: notes, in which symbols name
 * what the runtime reads. STATUS_IO. */
MUST_USE status manifest_write_assembler(const struct manifest *manifest, FILE *out);

/* The name of a system call that a manifest can allow; NULL for others. */
const char *manifest_call_name(uint16_t number);

#endif
