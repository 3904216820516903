/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a QEMU's command line says about its guest: machine, memory, monitor.
 *
 * The line is QEMU's own view of its configuration and the owner's to choose;
 * what is read from it is checked against the process's mappings later on.
 * Both spellings of options are read: "memory-backend-file,id=ram0,size=1G"
 * and JSON, which libvirt uses.
 */
#ifndef AGENT_QEMU_ARGUMENTS_H
#define AGENT_QEMU_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/source.h"

enum {
	QEMU_NAME_SIZE = 128,
	QEMU_PATH_SIZE = 1024,
	QEMU_BACKEND_COUNT_MAX = 16, /* one, or one for each NUMA node */
	QEMU_LINE_SIZE_MAX = 1 << 20, /* libvirt's longest are some 10 KiB */
};

enum qemu_machine {
	QEMU_MACHINE_PC, /* i440FX, also QEMU's default */
	QEMU_MACHINE_Q35,
	QEMU_MACHINE_MICROVM,
	QEMU_MACHINE_OTHER,
};

/* A -object memory-backend-…. */
struct qemu_backend {
	char id[QEMU_NAME_SIZE];
	uint64_t size;
};

struct qemu_arguments {
	char program[QEMU_NAME_SIZE]; /* argv[0] without directories */
	char name[QEMU_NAME_SIZE]; /* -name, "" where not given */
	char machine_name[QEMU_NAME_SIZE];
	enum qemu_machine machine;
	uint64_t memory_size; /* -m; QEMU's default is 128 MiB */
	uint64_t low_size_limit; /* max-ram-below-4g; 0: not given */
	/* The monitor's socket; "" where there is none with a path (libvirt
	 * passes a file descriptor). May be relative to QEMU's directory. */
	char qmp_path[QEMU_PATH_SIZE];
	/* Those that make up the RAM, in the order of their addresses; none
	 * where QEMU allocates the RAM itself. */
	struct qemu_backend backends[QEMU_BACKEND_COUNT_MAX];
	uint32_t backend_count;
	/* DIMMs that were there from the start: their place is only in QMP. */
	uint32_t dimm_count;
};

/* Parse /proc/PID/cmdline: arguments with a NUL after each.
 * STATUS_MALFORMED: empty, or an option whose value makes no sense; reported. */
MUST_USE status qemu_arguments_parse(struct span line, struct qemu_arguments *ret_arguments);

/* Where the machine puts its RAM (hw/i386/pc_piix.c, pc_q35.c, microvm.c, QEMU
 * 7.2): below the PCI hole, and the rest from 4 GiB on.
 * STATUS_UNSUPPORTED: another machine, or so much RAM that QEMU may move it
 * for an AMD host's address hole; reported. */
MUST_USE status qemu_arguments_layout(const struct qemu_arguments *arguments, struct ram_map *ret_map);

#endif
