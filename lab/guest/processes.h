/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zoo of processes that `processes` starts. Each animal is a function that
 * a process of its own runs; what is to be seen stays until it is killed. */
#ifndef LAB_GUEST_PROCESSES_H
#define LAB_GUEST_PROCESSES_H

#include <sys/types.h>

/* Become what is to be looked at, then call zoo_stay(). */
typedef void (*animal_function)(void);

struct animal {
	const char *name;
	animal_function run;
};

/* All is set up: let the keeper go on, and stay for ever. */
__attribute__((noreturn)) void zoo_stay(void);
/* The same without staying, for who has an end of its own. */
void zoo_ready(void);
/* Say on stderr that this kernel doesn't have it, and be nothing in particular. */
void zoo_lack(const char *what);
/* Write a text to a file; complains like zoo_lack() where that fails. */
void zoo_write(const char *path, const char *text);
/* Give the process this name. */
void zoo_name(const char *name);
/* Make a directory, or find that it is there. */
void zoo_directory(const char *path);
/* What is mounted and unmounted from now on is seen in this mount namespace only; and: in a new one, of the process. */
void zoo_private_mounts(void);
void zoo_leave_mounts(void);
/* The kernel has one cgroup2, with the options of who mounted it last: all mount it with an init's. Returns as mount().
 */
#define ZOO_CGROUP2_OPTIONS "nsdelegate,memory_recursiveprot"
int zoo_mount_cgroup2(const char *path);
/* The command line as one block of memory, for who overwrites it. */
char *zoo_command_line(size_t *ret_size);

/* What a process is: states, threads, names, rights. process-kinds.c */
extern const struct animal animal_kinds[];
/* What a process has: files, maps, mounts, namespaces. process-places.c */
extern const struct animal animal_places[];
/* What a system with an init, services and people has: mounts, terminals, alarms, programs in the kernel.
 * process-inits.c */
extern const struct animal animal_inits[];
/* One of them, too. process-rings.c */
void zoo_rings(void);
/* What watches by fanotify: of its own, not in the zoo. */
extern const struct animal animal_watchers[];
/* What the values of a process say: timers, scheduling, groups, shared pages. process-values.c */
extern const struct animal animal_values[];

#endif
