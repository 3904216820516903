/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest C is written with: kernel-decoding code over the kernel's own
 * types, compiled by guestcc into one object that serves every kernel.
 * docs/guest-c.md explains it with examples. Only for *.guest.c.
 *
 * Pointers: whatever was read from the guest may be any number. Loads go
 * through the target's page tables; an address that isn't mapped, isn't
 * canonical, is NULL or lies in our own memory ends the nearest error boundary
 * (guest_try) with a description. Guest C never stores to the guest.
 *
 * Kernel types are declared by hand with just the fields that are used,
 * between guest/kernel/guestc-types-begin.h and guestc-types-end.h; `struct
 * foo___old` is another shape of the kernel's `struct foo`. Kernel variables
 * are plain `extern` declarations.
 */
#ifndef GUEST_KERNEL_GUESTC_H
#define GUEST_KERNEL_GUESTC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/kernel/guest-bound.h"
#include "guest/kernel/guest-call.h"

#ifndef __bpf__
#error "guestc.h is for guest C: compile this file with guestcc"
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef u16 __be16;
typedef u32 __be32;

/* ---- questions about the kernel's types; each is answered at run time */

/* Has the kernel's type T the member m ("a.b[2].c" is fine)? */
#define field_exists(T, m) (__builtin_preserve_field_info(((T *)0)->m, 2) != 0)
/* Bytes from the start of T to m; bytes that m takes. */
#define field_offset(T, m) ((u64)__builtin_preserve_field_info(((T *)0)->m, 0))
#define field_size(T, m) ((u64)__builtin_preserve_field_info(((T *)0)->m, 1))
#define type_exists(T) (__builtin_preserve_type_info(*(T *)0, 0) != 0)
/* Instead of sizeof, which is a compile error on kernel types. */
#define type_size(T) ((u64)__builtin_preserve_type_info(*(T *)0, 1))
/* E is the enum's type (enum foo), e one of its enumerators. */
#define enum_value(E, e) ((s64)__builtin_preserve_enum_value(*(E *)e, 1))
#define enum_value_exists(E, e) (__builtin_preserve_enum_value(*(E *)e, 0) != 0)
/* Has the kernel the variable x, declared extern here? */
#define symbol_exists(x) (guest_symbol_exists(&(x)))
bool guest_symbol_exists(const volatile void *symbol); /* replaced by guestcc */

#define container_of(pointer, T, member) ((T *)((char *)(pointer) - field_offset(T, member)))

/* How many T lie between two pointers to T (instead of their difference,
 * which is a compile error). */
#define guest_distance(T, from, to) ((s64)((u64)(to) - (u64)(from)) / (s64)type_size(T))

/* ---- memory */

/* One access, not repeated and not merged with others. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define get_unaligned(pointer)                                         \
	({                                                             \
		__typeof_unqual__(*(pointer)) unaligned_;              \
		guest_copy(&unaligned_, (pointer), sizeof unaligned_); \
		unaligned_;                                            \
	})

/* The usual functions, on guest's and own pointers alike. */
size_t strlen(const char *string) __asm__("guest_strlen");
size_t strnlen(const char *string, size_t size) __asm__("guest_strnlen");
int strcmp(const char *a, const char *b) __asm__("guest_strcmp");
int strncmp(const char *a, const char *b, size_t size) __asm__("guest_strncmp");
int memcmp(const void *a, const void *b, size_t size) __asm__("guest_memcmp");
char *strcpy(char *destination, const char *source) __asm__("guest_strcpy"); /* lint: allow unsafe-call: checked */
void *memcpy(void *destination, const void *source, size_t size) __asm__("guest_memcpy");
void *memmove(void *destination, const void *source, size_t size) __asm__("guest_memmove");
void *memset(void *destination, int byte, size_t size) __asm__("guest_memset");

#define bswap16(x) __builtin_bswap16(x)
#define bswap32(x) __builtin_bswap32(x)
#define bswap64(x) __builtin_bswap64(x)
#define ntohs(x) bswap16(x)
#define ntohl(x) bswap32(x)
#define htons(x) bswap16(x)
#define htonl(x) bswap32(x)
#define be16_to_cpu(x) bswap16(x)
#define be32_to_cpu(x) bswap32(x)
#define be64_to_cpu(x) bswap64(x)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define min(a, b)                                  \
	({                                         \
		__typeof__(a) min_a_ = (a);        \
		__typeof__(b) min_b_ = (b);        \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define max(a, b)                                  \
	({                                         \
		__typeof__(a) max_a_ = (a);        \
		__typeof__(b) max_b_ = (b);        \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- lists: every walk is bounded */

#include "guest/kernel/guestc-types-begin.h"

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct cpumask {
	unsigned long bits[1];
};

#include "guest/kernel/guestc-types-end.h"

enum {
	/* NR_CPUS_RANGE_END with MAXSMP (arch/x86/Kconfig). */
	GUEST_CPU_COUNT_MAX = 8192,
};

/* One place in a walk. `node` is what the macros below compare and step. */
struct guest_walk {
	void *node;
	struct guest_bound bound;
};
#define GUEST_WALK(first) ((struct guest_walk){(void *)(first), GUEST_BOUND(GUEST_WALK_STEPS_MAX, "list")})
#define GUEST_IS_NULLS(node) (((u64)(node) & 1) != 0)

#define list_for_each_entry(pos, head, member)                                                             \
	for (struct guest_walk walk_ = GUEST_WALK(READ_ONCE((head)->next));                                \
	     walk_.node != (void *)(head) &&                                                               \
	     ((pos) = container_of(walk_.node, __typeof__(*(pos)), member), guest_bound(&walk_.bound), 1); \
	     walk_.node = READ_ONCE(((struct list_head *)walk_.node)->next))
#define list_for_each_entry_rcu(pos, head, member) list_for_each_entry (pos, head, member)

#define hlist_for_each_entry(pos, head, member)                                                            \
	for (struct guest_walk walk_ = GUEST_WALK(READ_ONCE((head)->first));                               \
	     walk_.node != NULL &&                                                                         \
	     ((pos) = container_of(walk_.node, __typeof__(*(pos)), member), guest_bound(&walk_.bound), 1); \
	     walk_.node = READ_ONCE(((struct hlist_node *)walk_.node)->next))
#define hlist_for_each_entry_rcu(pos, head, member) hlist_for_each_entry (pos, head, member)

/* A nulls list ends with an odd number instead of NULL. */
#define hlist_nulls_for_each_entry(pos, head, member)                                                      \
	for (struct guest_walk walk_ = GUEST_WALK(READ_ONCE((head)->first));                               \
	     !GUEST_IS_NULLS(walk_.node) &&                                                                \
	     ((pos) = container_of(walk_.node, __typeof__(*(pos)), member), guest_bound(&walk_.bound), 1); \
	     walk_.node = READ_ONCE(((struct hlist_nulls_node *)walk_.node)->next))
#define hlist_nulls_for_each_entry_rcu(pos, head, member) hlist_nulls_for_each_entry (pos, head, member)

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

/* ---- CPUs */

extern unsigned long __per_cpu_offset[];
extern struct cpumask __cpu_possible_mask;
extern unsigned int nr_cpu_ids;

static inline u64 guest_per_cpu_offset(u32 cpu)
{
	/* A kernel without SMP has no offsets: the variable itself is it. */
	if (!symbol_exists(__per_cpu_offset))
		return 0;
	if (cpu >= GUEST_CPU_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "CPU number beyond any kernel's");
	/* From one page's beginning to another's (setup_per_cpu_areas(), arch/x86/kernel/setup_percpu.c): any other
	 * leads into the kernel's own data, from 6.15 on, where per-CPU variables are linked among it. */
	u64 offset = READ_ONCE(__per_cpu_offset[cpu]);
	if (offset % 4096 != 0)
		guest_fail(STATUS_MALFORMED, "a CPU's variables don't begin with a page");
	return offset;
}

/* The copy of CPU `cpu` of a per-CPU variable (`&variable`) or of memory from
 * alloc_percpu() (a __percpu pointer). */
#define per_cpu_ptr(pointer, cpu) ((__typeof__(pointer))((u64)(pointer) + guest_per_cpu_offset(cpu)))

/* The first possible CPU at or after `cpu`; GUEST_CPU_COUNT_MAX: none. */
static inline u32 guest_cpu_next(u32 cpu)
{
	u32 count = symbol_exists(nr_cpu_ids) ? READ_ONCE(nr_cpu_ids) : 1;

	if (!symbol_exists(__cpu_possible_mask))
		return cpu == 0 ? 0 : GUEST_CPU_COUNT_MAX;
	for (count = min(count, (u32)GUEST_CPU_COUNT_MAX); cpu < count; cpu++) {
		const unsigned long *bits = (const unsigned long *)&__cpu_possible_mask;
		if (bits[cpu / 64] >> (cpu % 64) & 1)
			return cpu;
	}
	return GUEST_CPU_COUNT_MAX;
}

#define for_each_possible_cpu(cpu) \
	for ((cpu) = guest_cpu_next(0); (cpu) < GUEST_CPU_COUNT_MAX; (cpu) = guest_cpu_next((cpu) + 1))

/* ---- what guestcc puts around every access; not for use by hand */
#include "guest/kernel/guestc-access.h"

#endif
