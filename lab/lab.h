/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab: virtual machines to test on and to show things with.
 *
 * A VM is a QEMU process and its supervisor, a process of ours that lives as
 * long as the VM: it holds the lock that says "running", relays commands into
 * the guest, and ends QEMU (and removes all traces) at `lab down`, when its
 * time is over, or when its owner ends. If the supervisor itself is killed, the
 * kernel kills QEMU. The RAM is a memfd: it ends with QEMU, in every case.
 *
 * State is in $XDG_RUNTIME_DIR/bartizan/lab/NAME, or under /tmp/bartizan-UID
 * without that variable; kernels and file systems are cached in
 * $XDG_CACHE_HOME/bartizan.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/status.h"
#include "wire/start.h"

enum {
	LAB_NAME_SIZE_MAX = 64, /* with its NUL; letters, digits, '.', '_', '-'; starts with a letter or digit */
	LAB_CPU_COUNT_MAX = 64,
	LAB_MEMORY_MIB_MIN = 128,
	LAB_EPC_MIB_MIN = 1,
	LAB_EPC_MIB_MAX = 1024, /* the model's map of its pages is an array in QEMU */
	LAB_MEMORY_MIB_MAX = 1 << 20,
};

/* The exit code of lab_exec() where there was no command to take one from. */
enum { LAB_EXEC_FAILED = 125 };

/* Channels of one VM: as many as an enclave in it needs (source, grantor), twice. */
enum { LAB_CHANNEL_COUNT_MAX = 8 };

/* A byte stream between the guest, where it is /dev/virtio-ports/NAME, and a UNIX
 * socket of this machine, on which QEMU listens: for one peer at a time, who may
 * come and go. */
struct lab_channel {
	const char *name; /* as a VM's name */
	const char *socket_path; /* absolute: QEMU runs in /; nothing is there yet */
};

enum lab_switch { LAB_SWITCH_DEFAULT, LAB_SWITCH_ON, LAB_SWITCH_OFF };

/* What a VM shall be. Strings are borrowed. */
struct lab_options {
	const char *name;
	const char *kernel; /* a word as `lab kernels` prints it, or a version */
	uint64_t memory_mib;
	unsigned int cpu_count;
	const char *cpu_model;
	enum lab_switch pti; /* default: as the kernel decides */
	enum lab_switch la57; /* default: off */
	enum lab_switch kaslr; /* default: as the kernel decides: on */
	const char *machine; /* "q35", "pc" */
	const char *nic; /* "virtio", "none" */
	const char *append; /* more words for the kernel's command line, or "" */
	const char *accelerator; /* "tcg", "kvm"; "icount": tcg whose clock counts instructions; "auto": kvm where it
				    truly works */
	bool private_memory; /* anonymous RAM instead of a shared, mappable memfd */
	bool no_qmp;
	bool may_reboot; /* otherwise a reboot or a panic ends the VM */
	/* This build's bartizan and the programs that run inside are on the guest's PATH. */
	bool with_bartizan;
	/* A directory with OVMF that has our SMM driver; NULL: QEMU's BIOS. q35 only. */
	const char *firmware;
	/* A qemu-system-x86_64 that has a model of SGX (docs/qemu-sgx.md), and how much EPC the guest shall have; NULL
	 * and 0: the system's QEMU, and no SGX. TCG only. */
	const char *sgx_qemu;
	uint64_t epc_mib;
	struct lab_channel channels[LAB_CHANNEL_COUNT_MAX];
	const char *shared_memory; /* a file to share with the guest, ivshmem-plain; NULL: none */
	unsigned int channel_count;
	pid_t owner; /* the VM ends with this process; 0: with none */
	unsigned int lifetime_seconds; /* and after this time anyway */
	unsigned int boot_seconds; /* how long the guest may take to answer */
	bool quiet; /* no progress on stderr */
};

/* The defaults of everything but the name. */
struct lab_options lab_options_default(void);

/* What is known about a running VM. */
struct lab_machine {
	char name[LAB_NAME_SIZE_MAX];
	pid_t supervisor;
	pid_t qemu;
	char kernel[64]; /* the version that was booted */
	uint64_t memory_mib;
	unsigned int cpu_count;
	char accelerator[8];
	char qmp_path[256]; /* "": none */
};

/* Boot a VM and wait until commands can be run in it. Progress on stderr.
 * STATUS_USAGE, STATUS_DENIED (a name that runs already), STATUS_IO,
 * STATUS_MISSING (no such kernel): reported. */
MUST_USE status lab_up(const struct lab_options *options);

/* Who the driver in a VM's firmware says that it is: its key and the nonce of its start. */
struct lab_source {
	uint8_t key[START_KEY_SIZE];
	uint8_t nonce[START_NONCE_SIZE];
};

/* From what firmware wrote to its debug port before it started an operating system. That port stays open: what
 * the guest writes there later can only make it unreadable, as one line is taken or none.
 * STATUS_MISSING, not reported: this VM has no such firmware, or it gives no service. */
MUST_USE status lab_firmware_source(const char *name, struct lab_source *ret_source);
/* A file in the VM's directory, which goes with the VM; to be freed. STATUS_USAGE: no such name. Reported. */
MUST_USE status lab_file(const char *name, const char *file, char **ret_path);

/* The running VM of this name. STATUS_MISSING (reported) where there is none. */
MUST_USE status lab_machine_find(const char *name, struct lab_machine *ret_machine);
/* Its QEMU process: what the target "lab:NAME" stands for. Same results. */
MUST_USE status lab_find(const char *name, pid_t *ret_qemu);

/* All running VMs, sorted by name, for the caller to free(). What VMs left
 * behind that were killed is removed on the way. STATUS_IO (reported). */
MUST_USE status lab_list(struct lab_machine **ret_machines, size_t *ret_machine_count);

/* End a VM; returns when nothing is left of it. STATUS_MISSING, STATUS_IO (reported). */
MUST_USE status lab_down(const char *name);

/*
 * Run a command in the guest with this process's stdin, stdout and stderr.
 * *ret_code is what it exited with, 128 + signal where one killed it, 127 where
 * there is no such command. STATUS_MISSING, STATUS_GONE (the VM ended),
 * STATUS_IO, STATUS_LIMIT: reported.
 */
MUST_USE status lab_exec(const char *name, char *const *argv, int *ret_code);

/* A kernel that can be booted. */
struct lab_kernel {
	char series[24]; /* "6.1", "newest": what --kernel takes */
	char version[64]; /* "6.1.0-56-cloud-amd64"; "": not known before it is fetched */
};

enum { LAB_KERNEL_COUNT = 4 };

/* The lab's kernels, oldest first. STATUS_IO (reported). */
MUST_USE status lab_kernels(struct lab_kernel ret_kernels[LAB_KERNEL_COUNT]);
/* Fetch one (word as above) if it isn't cached; ret_directory then holds
 * vmlinuz and modules/, to be freed. STATUS_MISSING, STATUS_IO (reported). */
MUST_USE status lab_kernel_get(const char *kernel, bool quiet, char **ret_directory);
/* Fetch its newest version, even if an older one is cached. Same results. */
MUST_USE status lab_kernel_update(const char *kernel);

#endif
