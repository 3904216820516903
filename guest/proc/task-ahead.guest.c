/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading ahead what ps, top and the like ask about processes: the directory's owner, stat, status,
 * statm, comm, cmdline and environ (stat.guest.c, status.guest.c, task-*.guest.c, arguments.guest.c). One plan for
 * all processes, by the tree of numbers: that is the order in which programs read /proc.
 */
#include "guest/proc/ahead.h"
#include "guest/proc/entry.h"
#include "guest/proc/task.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/cpu.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/dentry.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/mm.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/types/tty.h"
#include "guest/proc/types/workqueue.h"

extern struct cpumask __cpu_online_mask;
extern struct cpumask __cpu_dying_mask; /* from 5.13 */

enum {
	/* A page of arguments, and one of environment: few processes have more. */
	ARGUMENTS_SIZE_AHEAD = 4096,
	NAME_SIZE_AHEAD = 64,
	POINTER_SIZE = 8,
	LINK_SIZE = 16, /* struct hlist_node */
	COUNTERS_SIZE_AHEAD = 4 * sizeof(s32), /* NR_MM_COUNTERS */
	NUMBER_SIZE = 16, /* struct upid: of an array without a length */
	/* What a plan needs room for: its last part, that shows the moment; what cgroup and task/ read. */
	MOMENT_STEP_COUNT = 14,
	MOMENT_WIDE_STEP_COUNT = 10,
	CGROUP_STEP_COUNT = 7,
	THREAD_STEP_COUNT = 4,
	DIRECTORY_STEP_COUNT = 7,
	MOUNT_STEP_COUNT = 4,
	/* Where more is read of each process than a plan has room for, field by field. */
	WIDE_LINE_COUNT = 5,
	/* Directories above a file: few lie deeper, and above the root there is the root again. */
	PARENT_COUNT_AHEAD = 8,
	/* Of each process: more than that come as they are asked for. */
	FILE_COUNT_AHEAD = 256,
};

static void times_ahead(void)
{
	AHEAD_TAKE(struct task_struct, min_flt);
	AHEAD_TAKE(struct task_struct, maj_flt);
	AHEAD_TAKE(struct task_struct, utime);
	AHEAD_TAKE(struct task_struct, stime);
	AHEAD_TAKE(struct task_struct, gtime);
	AHEAD_TAKE(struct task_struct, prev_cputime);
	AHEAD_TAKE(struct task_struct, se.sum_exec_runtime);
}

static void state_ahead(void)
{
	AHEAD_TAKE(struct task_struct, thread_info);
	AHEAD_TAKE(struct task_struct, __state);
	AHEAD_TAKE(struct task_struct, state);
	AHEAD_TAKE(struct task_struct, flags);
	AHEAD_TAKE(struct task_struct, ptrace);
	AHEAD_TAKE(struct task_struct, prio);
	AHEAD_TAKE(struct task_struct, static_prio);
	AHEAD_TAKE(struct task_struct, rt_priority);
	AHEAD_TAKE(struct task_struct, cpu);
	AHEAD_TAKE(struct task_struct, policy);
	AHEAD_TAKE(struct task_struct, cpus_ptr);
	AHEAD_TAKE(struct task_struct, cpus_mask);
	AHEAD_TAKE(struct task_struct, mm);
	AHEAD_TAKE(struct task_struct, exit_state);
	AHEAD_TAKE(struct task_struct, exit_signal);
	AHEAD_TAKE(struct task_struct, atomic_flags);
}

static void family_ahead(void)
{
	AHEAD_TAKE(struct task_struct, pid);
	AHEAD_TAKE(struct task_struct, real_parent);
	AHEAD_TAKE(struct task_struct, parent);
	AHEAD_TAKE(struct task_struct, group_leader);
	AHEAD_TAKE(struct task_struct, thread_node);
	AHEAD_TAKE(struct task_struct, thread_pid);
	AHEAD_TAKE(struct task_struct, set_child_tid);
	AHEAD_TAKE(struct task_struct, worker_private);
	AHEAD_TAKE(struct task_struct, nvcsw);
	AHEAD_TAKE(struct task_struct, start_boottime);
	AHEAD_TAKE(struct task_struct, real_cred);
	AHEAD_TAKE(struct task_struct, comm);
	AHEAD_TAKE(struct task_struct, fs);
	AHEAD_TAKE(struct task_struct, nsproxy);
	AHEAD_TAKE(struct task_struct, sighand);
	AHEAD_TAKE(struct task_struct, blocked);
	AHEAD_TAKE(struct task_struct, pending);
	AHEAD_TAKE(struct task_struct, seccomp);
	AHEAD_TAKE(struct task_struct, mems_allowed);
	AHEAD_TAKE(struct task_struct, numa_group);
	AHEAD_TAKE(struct task_struct, thread.features);
	AHEAD_TAKE(struct task_struct, thread.features_locked);
}

/* What threads share, and what each of the others has. */
static void signals_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, signal) {
		AHEAD_TAKE(struct signal_struct, nr_threads);
		AHEAD_TAKE(struct signal_struct, thread_head);
		AHEAD_TAKE(struct signal_struct, shared_pending);
		AHEAD_TAKE(struct signal_struct, flags);
		AHEAD_TAKE(struct signal_struct, core_state);
		AHEAD_TAKE(struct signal_struct, pids);
		AHEAD_TAKE(struct signal_struct, tty);
		AHEAD_TAKE(struct signal_struct, utime);
		AHEAD_TAKE(struct signal_struct, gtime);
		AHEAD_TAKE(struct signal_struct, prev_cputime);
		AHEAD_TAKE(struct signal_struct, min_flt);
		AHEAD_TAKE(struct signal_struct, cmaj_flt);
		AHEAD_TAKE(struct signal_struct, sum_sched_runtime);
		AHEAD_TAKE(struct signal_struct, rlim);
		AHEAD_LIST (struct signal_struct, thread_head, struct task_struct, thread_node)
			times_ahead();
		AHEAD_FOLLOW (struct signal_struct, tty) {
			AHEAD_TAKE(struct tty_struct, index);
			AHEAD_TAKE(struct tty_struct, ctrl.pgrp);
			AHEAD_TAKE(struct tty_struct, pgrp);
			AHEAD_FOLLOW (struct tty_struct, driver) {
				AHEAD_TAKE(struct tty_driver, major);
				AHEAD_TAKE(struct tty_driver, minor_start);
			}
		}
	}
	AHEAD_FOLLOW (struct task_struct, sighand)
		AHEAD_TAKE(struct sighand_struct, action);
}

static void status_credentials_ahead(void)
{
	AHEAD_FOLLOW (struct cred, group_info)
		AHEAD_TAKE(struct group_info, ngroups);
	if (field_exists(struct user_struct, sigpending))
		AHEAD_FOLLOW (struct cred, user)
			AHEAD_TAKE(struct user_struct, sigpending);
	AHEAD_FOLLOW (struct cred, ucounts)
		AHEAD_TAKE(struct ucounts, rlimit);
}

static void credentials_ahead(u32 wishes)
{
	AHEAD_FOLLOW (struct task_struct, real_cred) {
		AHEAD_TAKE(struct cred, uid);
		AHEAD_TAKE(struct cred, fsgid);
		AHEAD_TAKE(struct cred, cap_inheritable);
		AHEAD_TAKE(struct cred, cap_ambient);
		AHEAD_TAKE(struct cred, user);
		AHEAD_TAKE(struct cred, group_info);
		if (wishes == 0)
			status_credentials_ahead();
	}
	AHEAD_FOLLOW (struct task_struct, exec_state) {
		AHEAD_TAKE(struct task_exec_state, dumpable);
		AHEAD_TAKE(struct task_exec_state, user_ns);
	}
}

static void kernel_thread_ahead(void)
{
	AHEAD_TAKE(struct kthread, data);
	AHEAD_FOLLOW (struct kthread, full_name)
		ahead_take(0, NAME_SIZE_AHEAD);
}

static void worker_ahead(void)
{
	AHEAD_FOLLOW (struct kthread, data) {
		AHEAD_TAKE(struct worker, current_work);
		AHEAD_TAKE(struct worker, pool);
		AHEAD_TAKE(struct worker, id);
		AHEAD_TAKE(struct worker, desc);
		AHEAD_FOLLOW (struct worker, rescue_wq)
			AHEAD_TAKE(struct workqueue_struct, name);
		AHEAD_FOLLOW (struct worker, pool) {
			AHEAD_TAKE(struct worker_pool, cpu);
			AHEAD_FOLLOW (struct worker_pool, attrs)
				AHEAD_TAKE(struct workqueue_attrs, nice);
		}
	}
}

/* As task_name() finds a kernel thread's. */
static void names_ahead(void)
{
	AHEAD_IF_ANY(struct task_struct, flags, PF_KTHREAD)
	{
		if (field_exists(struct task_struct, worker_private))
			AHEAD_FOLLOW (struct task_struct, worker_private)
				kernel_thread_ahead();
		else
			AHEAD_FOLLOW (struct task_struct, set_child_tid)
				kernel_thread_ahead();
	}
	AHEAD_IF_ANY(struct task_struct, flags, PF_WQ_WORKER)
	{
		if (field_exists(struct task_struct, worker_private))
			AHEAD_FOLLOW (struct task_struct, worker_private)
				worker_ahead();
		else
			AHEAD_FOLLOW (struct task_struct, set_child_tid)
				worker_ahead();
	}
}

static void area_ahead(void)
{
	AHEAD_TAKE(struct vm_area_struct, vm_start);
	AHEAD_TAKE(struct vm_area_struct, vm_end);
	AHEAD_TAKE(struct vm_area_struct, vm_flags);
	AHEAD_TAKE(struct vm_area_struct, vm_ops);
}

/* What says of what kind the memory is in which arguments and environment lie. */
static void areas_ahead(void)
{
	AHEAD_MAPLE_AT(struct mm_struct, mm_mt.ma_root, arg_start)
	area_ahead();
	if (!field_exists(struct mm_struct, mm_mt.ma_root))
		AHEAD_LINKS (struct mm_struct, mmap, field_offset(struct vm_area_struct, vm_next))
			area_ahead();
}

/* From 6.2 on the CPUs keep a part of each counter, those of one process one behind the other. */
static void counters_ahead(void)
{
	if (field_exists(struct mm_struct, rss_stat.count) || !symbol_exists(__per_cpu_offset))
		return;
	AHEAD_BELOW (ahead_follow((s64)(field_offset(struct mm_struct___percpu, rss_stat) +
					field_offset(struct percpu_counter, counters)),
				  ~0ull))
		AHEAD_PERCPU ()
			ahead_take(0, COUNTERS_SIZE_AHEAD);
}

static void memory_ahead(u32 wishes)
{
	AHEAD_FOLLOW (struct task_struct, mm) {
		AHEAD_TAKE(struct mm_struct, pgd);
		AHEAD_TAKE(struct mm_struct, context);
		AHEAD_TAKE(struct mm_struct, mm_mt);
		AHEAD_TAKE(struct mm_struct, pgtables_bytes);
		AHEAD_TAKE(struct mm_struct, hiwater_rss);
		AHEAD_TAKE(struct mm_struct, stack_vm);
		AHEAD_TAKE(struct mm_struct, start_code);
		AHEAD_TAKE(struct mm_struct, env_end);
		AHEAD_TAKE(struct mm_struct, rss_stat);
		AHEAD_TAKE(struct mm_struct, flags);
		AHEAD_TAKE(struct mm_struct, user_ns);
		AHEAD_TAKE(struct mm_struct, hugetlb_usage);
		counters_ahead();
		if ((wishes & AHEAD_WISH_AREAS) == 0)
			areas_ahead();
	}
}

static void rest_ahead(u32 wishes)
{
	AHEAD_FOLLOW (struct task_struct, fs) {
		AHEAD_TAKE(struct fs_struct, umask);
		if (wishes != 0) {
			AHEAD_TAKE(struct fs_struct, root);
			AHEAD_TAKE(struct fs_struct, pwd);
		}
	}
	if ((wishes & AHEAD_WISH_FILES) == 0)
		AHEAD_FOLLOW (struct task_struct, files) {
			AHEAD_TAKE(struct files_struct, fdt);
			AHEAD_FOLLOW (struct files_struct, fdt)
				AHEAD_TAKE(struct fdtable, max_fds);
		}
	AHEAD_FOLLOW (struct task_struct, delays)
		AHEAD_TAKE(struct task_delay_info, blkio_delay);
}

/* Of the directory that leads to a cgroup: a node of kernfs. */
static void group_node_ahead(void)
{
	/* With the pointer to its parent, which is beside. */
	AHEAD_FOLLOW (struct kernfs_node, name)
		ahead_take(0, NAME_SIZE_AHEAD);
}

/* In the default hierarchy; in others, sets of groups are few. */
static void group_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, cgroups)
		AHEAD_FOLLOW (struct css_set, dfl_cgrp) {
			AHEAD_TAKE(struct cgroup, self.flags);
			AHEAD_TAKE(struct cgroup, root);
			AHEAD_FOLLOW (struct cgroup, kn)
				group_node_ahead();
		}
}

/* The numbers of all threads: what task/ lists. */
static void threads_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, signal)
		AHEAD_LIST (struct signal_struct, thread_head, struct task_struct, thread_node)
			AHEAD_FOLLOW (struct task_struct, thread_pid)
				ahead_take((s64)field_offset(struct pid, numbers), NUMBER_SIZE);
}

/* What names a file: the base is its struct dentry. */
static void name_ahead(void)
{
	AHEAD_TAKE(struct dentry, d_hash);
	AHEAD_TAKE(struct dentry, d_parent);
	AHEAD_TAKE(struct dentry, d_name);
	AHEAD_TAKE(struct dentry, d_inode);
	AHEAD_TAKE(struct dentry, d_op);
	AHEAD_TAKE(struct dentry, d_sb);
}

static void dentry_ahead(void)
{
	name_ahead();
	AHEAD_FOLLOW (struct dentry, d_inode) {
		AHEAD_TAKE(struct inode, i_mode);
		AHEAD_TAKE(struct inode, i_sb);
		AHEAD_TAKE(struct inode, i_ino);
		AHEAD_TAKE(struct inode, i_nlink);
		AHEAD_TAKE(struct inode, i_size);
		AHEAD_TAKE(struct inode, i_flctx);
	}
	AHEAD_BELOW (field_exists(struct dentry, d_parent) &&
		     ahead_chain((s64)field_offset(struct dentry, d_parent), 0, field_offset(struct dentry, d_parent),
				 ~0ull) &&
		     ahead_at_most(PARENT_COUNT_AHEAD))
		name_ahead();
}

static void file_ahead(void)
{
	AHEAD_TAKE(struct file, f_path);
	AHEAD_TAKE(struct file, f_inode);
	AHEAD_TAKE(struct file, f_flags);
	AHEAD_TAKE(struct file, f_mode);
	AHEAD_TAKE(struct file, f_pos);
	AHEAD_TAKE(struct file, f_op);
	AHEAD_TAKE(struct file, private_data);
	AHEAD_FOLLOW (struct file, f_path.dentry)
		dentry_ahead();
}

/* Where the file system is mounted: fdinfo/ tells the mount's number. */
static void mount_ahead(void)
{
	AHEAD_FOLLOW (struct file, f_path.mnt)
		AHEAD_CONTAINER (struct mount, mnt) {
			AHEAD_TAKE(struct mount, mnt_parent);
			AHEAD_TAKE(struct mount, mnt_mountpoint);
			AHEAD_TAKE(struct mount, mnt);
			AHEAD_TAKE(struct mount, mnt_id);
		}
}

/* As file.guest.c and fdinfo.guest.c read them. */
static void files_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, files) {
		AHEAD_TAKE(struct files_struct, fdt);
		AHEAD_TAKE(struct files_struct, fdtab);
		AHEAD_TAKE(struct files_struct, fd_array);
		AHEAD_FOLLOW (struct files_struct, fdt) {
			AHEAD_TAKE(struct fdtable, max_fds);
			AHEAD_TAKE(struct fdtable, full_fds_bits);
			AHEAD_FOLLOW (struct fdtable, open_fds)
				ahead_take(0, FILE_COUNT_AHEAD / 8);
			AHEAD_FOLLOW (struct fdtable, close_on_exec)
				ahead_take(0, FILE_COUNT_AHEAD / 8);
			AHEAD_ARRAY (struct fdtable, fd, POINTER_SIZE, max_fds, false, FILE_COUNT_AHEAD)
				AHEAD_FOLLOW_HERE () {
					file_ahead();
					if (ahead_has_room(MOUNT_STEP_COUNT + MOMENT_WIDE_STEP_COUNT))
						mount_ahead();
				}
		}
	}
}

static void mapped_ahead(void)
{
	area_ahead();
	AHEAD_TAKE(struct vm_area_struct, vm_pgoff);
	AHEAD_TAKE(struct vm_area_struct, vm_next);
	AHEAD_TAKE(struct vm_area_struct, vm_mm);
	AHEAD_TAKE(struct vm_area_struct, vm_file);
	AHEAD_TAKE(struct vm_area_struct, vm_private_data);
	AHEAD_TAKE(struct vm_area_struct, anon_name);
	AHEAD_FOLLOW (struct vm_area_struct, vm_file)
		file_ahead();
}

/* As maps.guest.c reads them. What the process runs is mapped. */
static void maps_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, mm) {
		AHEAD_MAPLE (struct mm_struct, mm_mt.ma_root)
			mapped_ahead();
		if (!field_exists(struct mm_struct, mm_mt.ma_root))
			AHEAD_LINKS (struct mm_struct, mmap, field_offset(struct vm_area_struct, vm_next))
				mapped_ahead();
	}
}

static void directory_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, fs)
		AHEAD_FOLLOW (struct fs_struct, pwd.dentry)
			dentry_ahead();
}

/* What fewer programs ask for, as far as a plan has room for it. */
static void seldom_ahead(u32 wishes)
{
	const u32 left = wishes != 0 ? MOMENT_WIDE_STEP_COUNT : MOMENT_STEP_COUNT;

	if (wishes == 0 && ahead_has_room(left + CGROUP_STEP_COUNT))
		group_ahead();
	if (ahead_has_room(left + THREAD_STEP_COUNT))
		threads_ahead();
	if (wishes != 0 && ahead_has_room(left + DIRECTORY_STEP_COUNT))
		directory_ahead();
}

/* What task_expect() and user.guest.c note of a process: who it is, what belongs to it, where its memory is, where in
 * that its arguments and its environment, these, and the tables that lead to them. */
static void identity_ahead(void)
{
	AHEAD_TAKE(struct task_struct, pid);
	AHEAD_TAKE(struct task_struct, thread_pid);
	AHEAD_TAKE(struct task_struct, group_leader);
	AHEAD_TAKE(struct task_struct, real_parent);
	AHEAD_TAKE(struct task_struct, start_boottime);
	AHEAD_TAKE(struct task_struct, real_cred);
	AHEAD_TAKE(struct task_struct, fs);
	AHEAD_TAKE(struct task_struct, files);
	AHEAD_TAKE(struct task_struct, nsproxy);
	AHEAD_TAKE(struct task_struct, signal);
	AHEAD_TAKE(struct task_struct, sighand);
	AHEAD_TAKE(struct task_struct, comm);
	AHEAD_TAKE(struct task_struct, alloc_lock);
}

static void user_identity_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, mm)
		AHEAD_SPACE (struct mm_struct, pgd) {
			AHEAD_SPAN(struct mm_struct, arg_start, arg_end, ARGUMENTS_SIZE_AHEAD);
			AHEAD_SPAN(struct mm_struct, env_start, env_end, ARGUMENTS_SIZE_AHEAD);
		}
}

/* Who reads maps has no room for arguments, and asks for few. */
static void memory_identity_ahead(void)
{
	AHEAD_FOLLOW (struct task_struct, mm) {
		AHEAD_TAKE(struct mm_struct, pgd);
		AHEAD_TAKE(struct mm_struct, arg_start);
		AHEAD_TAKE(struct mm_struct, env_end);
	}
}

/* The last of a process: what was copied between the first time that this was and the second is the same process's. */
static void moment_ahead(u32 wishes)
{
	AHEAD_MOMENT () {
		identity_ahead();
		AHEAD_FOLLOW (struct task_struct, real_cred) {
			AHEAD_TAKE(struct cred, uid);
			AHEAD_TAKE(struct cred, fsgid);
			AHEAD_TAKE(struct cred, cap_inheritable);
			AHEAD_TAKE(struct cred, cap_ambient);
		}
		if ((wishes & AHEAD_WISH_AREAS) != 0)
			memory_identity_ahead();
		else
			user_identity_ahead();
	}
}

/* The base is a struct pid. */
static void process_ahead(u32 wishes)
{
	AHEAD_TAKE(struct pid, level);
	AHEAD_TAKE(struct pid, tasks);
	ahead_take((s64)field_offset(struct pid, numbers), NUMBER_SIZE);
	/* Only the leader of a thread group is in the second list; a node leads to the middle of its task. */
	AHEAD_BELOW (ahead_follow((s64)field_offset(struct pid, tasks) + PIDTYPE_TGID * POINTER_SIZE, ~0ull))
		AHEAD_BELOW (ahead_at(-(s64)field_offset(struct task_struct, pid_links) - PIDTYPE_TGID * LINK_SIZE)) {
			identity_ahead();
			state_ahead();
			family_ahead();
			times_ahead();
			signals_ahead();
			credentials_ahead(wishes);
			names_ahead();
			memory_ahead(wishes);
			rest_ahead(wishes);
			if ((wishes & AHEAD_WISH_AREAS) != 0)
				maps_ahead();
			if ((wishes & AHEAD_WISH_FILES) != 0)
				files_ahead();
			seldom_ahead(wishes);
			moment_ahead(wishes);
		}
}

/* The top of each hierarchy of cgroups. */
static void groups_ahead(void)
{
	AHEAD_START (&cgroup_roots)
		AHEAD_BELOW (ahead_list(0, (s64)field_offset(struct cgroup_root, root_list))) {
			AHEAD_TAKE(struct cgroup_root, hierarchy_id);
			AHEAD_TAKE(struct cgroup_root, subsys_mask);
			AHEAD_TAKE(struct cgroup_root, name);
			AHEAD_FOLLOW (struct cgroup_root, cgrp.kn)
				group_node_ahead();
		}
}

/* What all of them share, and init's parent, which no number leads to. */
static void shared_ahead(void *unused)
{
	AHEAD_VARIABLE(__cpu_online_mask, sizeof(u64));
	AHEAD_VARIABLE(__cpu_dying_mask, sizeof(u64));
	AHEAD_VARIABLE(ssb_mode, sizeof ssb_mode);
	AHEAD_VARIABLE(spectre_v2_user_ibpb, sizeof spectre_v2_user_ibpb);
	AHEAD_VARIABLE(spectre_v2_user_stibp, sizeof spectre_v2_user_stibp);
	ahead_take((s64)((u64)&boot_cpu_data + field_offset(struct cpuinfo_x86, x86_capability)),
		   (u32)field_size(struct cpuinfo_x86, x86_capability));
	if (symbol_exists(cgroup_roots))
		groups_ahead();
	AHEAD_START (&init_task) {
		AHEAD_TAKE(struct task_struct, pid);
		AHEAD_TAKE(struct task_struct, thread_pid);
		AHEAD_FOLLOW (struct task_struct, signal) {
			AHEAD_TAKE(struct signal_struct, pids);
			AHEAD_BELOW (ahead_follow(
				(s64)field_offset(struct signal_struct, pids) + PIDTYPE_TGID * POINTER_SIZE, ~0ull)) {
				AHEAD_TAKE(struct pid, level);
				ahead_take((s64)field_offset(struct pid, numbers), NUMBER_SIZE);
			}
		}
	}
}

static void all_ahead(void *argument)
{
	const u32 wishes = *(const u32 *)argument;

	if (wishes != 0)
		ahead_widen(WIDE_LINE_COUNT);
	AHEAD_START (&init_pid_ns)
		AHEAD_XARRAY (struct pid_namespace, idr.idr_rt.xa_head)
			process_ahead(wishes);
}

static void one_ahead(void *argument)
{
	const u32 *number = argument;

	AHEAD_START (&init_pid_ns)
		AHEAD_XARRAY_AT(struct pid_namespace, idr.idr_rt.xa_head, *number)
	process_ahead(0);
}

void task_ahead(void)
{
	u32 number = subject_pid();

	if (number == 0)
		return;
	if (ahead_of_all()) {
		u32 wishes = ahead_wishes();

		/* A plan of its own: the other one has as many steps as a plan may. */
		ahead(shared_ahead, NULL, AHEAD_KEY_SHARED);
		ahead(all_ahead, &wishes, AHEAD_KEY_PROCESSES | (u64)wishes << AHEAD_WISH_SHIFT);
	} else if (number > 1 && subject_view_pid_space() == 0 && !ahead_has_run(AHEAD_KEY_PROCESS | number) &&
		   task_find(number) != NULL) {
		ahead(one_ahead, &number, AHEAD_KEY_PROCESS | number);
	}
}

static void list_ahead(void *unused)
{
	AHEAD_START (&init_task)
		AHEAD_LIST (struct task_struct, tasks, struct task_struct, tasks) {
			AHEAD_TAKE(struct task_struct, signal);
			AHEAD_FOLLOW (struct task_struct, signal) {
				AHEAD_TAKE(struct signal_struct, pids);
				AHEAD_BELOW (ahead_follow((s64)field_offset(struct signal_struct, pids) +
								  PIDTYPE_TGID * POINTER_SIZE,
							  ~0ull)) {
					AHEAD_TAKE(struct pid, level);
					ahead_take((s64)field_offset(struct pid, numbers), NUMBER_SIZE);
				}
			}
		}
}

void task_list_ahead(void)
{
	ahead(list_ahead, NULL, AHEAD_KEY_LISTING);
}
