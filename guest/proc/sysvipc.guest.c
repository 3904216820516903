/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/sysvipc (ipc/util.c, msg.c, sem.c, shm.c; 5.10 to 7.2), of the view's IPC
 * namespace. */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/namespace.h"
#include "guest/proc/xarray.h"

#include "guest/kernel/guestc-types-begin.h"

struct kern_ipc_perm {
	int id, key;
	kuid_t uid, cuid;
	kgid_t gid, cgid;
	u16 mode;
};

struct msg_queue {
	struct kern_ipc_perm q_perm;
	s64 q_stime, q_rtime, q_ctime;
	unsigned long q_cbytes, q_qnum;
	struct pid *q_lspid, *q_lrpid;
};

struct sem {
	s64 sem_otime;
};

struct sem_array {
	struct kern_ipc_perm sem_perm;
	s64 sem_ctime;
	int sem_nsems;
};

struct shmid_kernel {
	struct kern_ipc_perm shm_perm;
	struct file *shm_file;
	unsigned long shm_nattch, shm_segsz;
	s64 shm_atim, shm_dtim, shm_ctim;
	struct pid *shm_cprid, *shm_lprid;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	SEMAPHORES = 0, /* IPC_SEM_IDS and so on (ipc/util.h) */
	MESSAGES = 1,
	MEMORY = 2,
	SEMAPHORE_COUNT_MAX = 1 << 16, /* of one set: SEMMSL is 32000 */
	PAGE_SIZE = 4096,
};

extern const char shmem_ops;

static void show_all(struct seq *seq, u32 kind, void (*show)(void *row), const char *head)
{
	struct rows rows = {.seq = seq, .show = show, .missing = "an IPC object is missing"};
	const struct ipc_ids *ids = &task_view_namespaces()->ipc_ns->ids[kind];
	struct xarray_walk walk;
	const void *object;

	seq_puts(seq, head);
	xarray_walk_start(&walk, &ids->ipcs_idr.idr_rt, "IPC objects");
	while ((object = xarray_walk_next(&walk)) != NULL)
		rows_show(&rows, object);
}

static void show_owners(struct seq *seq, const struct kern_ipc_perm *perm)
{
	seq_printf(seq, "%5u %5u %5u %5u", perm->uid.val, perm->gid.val, perm->cuid.val, perm->cgid.val);
}

static void show_queue(void *argument)
{
	const struct row *row = argument;
	const struct msg_queue *queue = container_of(row->object, struct msg_queue, q_perm);

	seq_printf(row->seq, "%10d %10d  %4o  %10lu %10lu %5u %5u ", queue->q_perm.key, queue->q_perm.id,
		   queue->q_perm.mode, queue->q_cbytes, queue->q_qnum, pid_shown(queue->q_lspid),
		   pid_shown(queue->q_lrpid));
	show_owners(row->seq, &queue->q_perm);
	seq_printf(row->seq, " %10llu %10llu %10llu\n", (u64)queue->q_stime, (u64)queue->q_rtime, (u64)queue->q_ctime);
}

/* get_semotime(); the semaphores follow their set. */
static s64 last_operation(const struct sem_array *set)
{
	u64 base = (u64)set + type_size(struct sem_array);
	s64 last = 0;

	if (set->sem_nsems > SEMAPHORE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a set has more semaphores than any could");
	for (s32 i = 0; i < set->sem_nsems; i++) {
		s64 time = ((const struct sem *)(base + (u64)i * type_size(struct sem)))->sem_otime;

		last = i == 0 || time > last ? time : last;
	}
	return last;
}

static void show_set(void *argument)
{
	const struct row *row = argument;
	const struct sem_array *set = container_of(row->object, struct sem_array, sem_perm);

	seq_printf(row->seq, "%10d %10d  %4o %10u ", set->sem_perm.key, set->sem_perm.id, set->sem_perm.mode,
		   (u32)set->sem_nsems);
	show_owners(row->seq, &set->sem_perm);
	seq_printf(row->seq, " %10llu %10llu\n", (u64)last_operation(set), (u64)set->sem_ctime);
}

static void show_segment(void *argument)
{
	const struct row *row = argument;
	const struct shmid_kernel *segment = container_of(row->object, struct shmid_kernel, shm_perm);
	const struct inode *inode = segment->shm_file->f_inode;
	struct seq *seq = row->seq;

	if ((u64)inode->i_sb->s_op != (u64)&shmem_ops)
		guest_fail(STATUS_UNSUPPORTED, "shared memory of large pages isn't known");
	seq_printf(seq, "%10d %10d  %4o %21lu %5u %5u  %5lu ", segment->shm_perm.key, segment->shm_perm.id,
		   segment->shm_perm.mode, segment->shm_segsz, pid_shown(segment->shm_cprid),
		   pid_shown(segment->shm_lprid), segment->shm_nattch);
	show_owners(seq, &segment->shm_perm);
	seq_printf(seq, " %10llu %10llu %10llu %21lu %21lu\n", (u64)segment->shm_atim, (u64)segment->shm_dtim,
		   (u64)segment->shm_ctim, inode->i_mapping->nrpages * PAGE_SIZE,
		   container_of(inode, struct shmem_inode_info, vfs_inode)->swapped * PAGE_SIZE);
}

void sysvipc_msg_show(struct seq *seq)
{
	show_all(seq, MESSAGES, show_queue,
		 "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
		 "      stime      rtime      ctime\n");
}

void sysvipc_sem_show(struct seq *seq)
{
	show_all(seq, SEMAPHORES, show_set,
		 "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
}

void sysvipc_shm_show(struct seq *seq)
{
	show_all(seq, MEMORY, show_segment,
		 "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
		 "      atime      dtime      ctime                   rss                  swap\n");
}
