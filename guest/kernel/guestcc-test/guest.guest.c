/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest C that guestcc-test.c runs: one object for every layout. */
#include "guest/kernel/guestc.h"

#include "guest/kernel/guestcc-test/calls.h"

#include "guest/kernel/guestc-types-begin.h"

enum color {
	COLOR_RED = 1,
	COLOR_BLUE,
	COLOR_GREEN,
};

typedef struct {
	int counter;
} atomic_t;

struct thing {
	u16 weight;
	u32 price;
};

struct cred {
	u32 uid;
};

struct only_in_b {
	int x;
};

struct task {
	int pid;
	u32 flags : 3;
	u32 state : 7;
	int nice : 5;
	u32 prio : 32; /* a bit-field in one layout */
	struct list_head tasks;
	struct task *parent;
	char comm[16];
	const struct cred *cred;
	struct {
		int deep;
		union {
			u64 whole;
			s16 half;
		};
	} in;
	struct thing things[3];
	struct thing *more;
	atomic_t usage;
	bool is_kernel;
	int only_in_a;
	u16 other_size;
	struct hlist_nulls_node node;
	u64 last;
};

/* The same struct, by another name of ours. */
struct task___renamed {
	int pid;
};

struct bucket {
	struct hlist_nulls_head chain;
};

#include "guest/kernel/guestc-types-end.h"

extern struct task init_task;
extern struct bucket table[];
extern int per_cpu_number;
extern int not_there;

GUEST_NATIVE uint64_t sum_bytes(const uint8_t *bytes, uint64_t size);

static const u32 squares[8] = {0, 1, 4, 9, 16, 25, 36, 49};

void test_plain_fields(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;

	call->out[0] = task->pid;
	call->out[1] = task->parent->pid;
	call->out[2] = task->cred->uid;
	call->out[3] = (s64)READ_ONCE(task->last);
	call->out[4] = ((const struct task___renamed *)task)->pid;
	call->out[5] = task->usage.counter;
	const atomic_t *usage = &task->usage;
	call->out[6] = usage->counter;
	call->out[7] = container_of(&task->tasks, struct task, tasks)->pid;
}

void test_bit_fields(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;

	call->out[0] = task->flags;
	call->out[1] = task->state;
	call->out[2] = task->nice;
	call->out[3] = task->prio;
}

void test_nested_fields(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;

	call->out[0] = task->in.deep;
	call->out[1] = (s64)task->in.whole;
	call->out[2] = task->in.half;
	call->out[3] = task->things[2].price;
	call->out[4] = (s64)field_offset(struct task, in.half);
	call->out[5] = (s64)field_size(struct task, comm);
}

void test_arrays(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;
	const struct thing *thing = task->more;

	call->out[0] = task->things[call->index].weight;
	call->out[1] = thing[call->index].price;
	thing++;
	call->out[2] = thing->price;
	call->out[3] = (thing + 1)->price;
	call->out[4] = guest_distance(struct thing, task->more, thing);
	call->out[5] = (s64)type_size(struct thing);
	call->out[6] = task->more[2].price;
	call->out[7] = (&task->things[0] + call->index)->price;
}

void test_existence(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = field_exists(struct task, only_in_a);
	call->out[1] = type_exists(struct only_in_b);
	call->out[2] = symbol_exists(init_task);
	call->out[3] = symbol_exists(not_there);
	call->out[4] = enum_value(enum color, COLOR_GREEN);
	call->out[5] = enum_value_exists(enum color, COLOR_BLUE);
	call->out[6] = field_exists(struct task, in.half);
}

void test_missing_field(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = ((const struct task *)call->in)->only_in_a;
}

void test_missing_symbol(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = not_there;
}

void test_other_size(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = ((const struct task *)call->in)->other_size;
}

void test_list(void *argument)
{
	struct test_call *call = argument;
	const struct task *task;

	list_for_each_entry (task, &init_task.tasks, tasks) {
		call->out[0]++;
		call->out[1] += task->pid;
	}
}

void test_nulls_list(void *argument)
{
	struct test_call *call = argument;
	const struct task *task;

	hlist_nulls_for_each_entry (task, &table[call->index].chain, node) {
		call->out[0]++;
		call->out[1] += task->pid;
	}
}

void test_per_cpu(void *argument)
{
	struct test_call *call = argument;
	u32 cpu;

	for_each_possible_cpu (cpu) {
		call->out[0]++;
		call->out[1] += *per_cpu_ptr(&per_cpu_number, cpu);
	}
}

void test_strings(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;
	char own[8];

	call->out[0] = (s64)strlen(task->comm);
	call->out[1] = strcmp(task->comm, "kthreadd");
	call->out[2] = strncmp(task->comm, "kthreaXX", 6);
	call->out[3] = (s64)guest_string_copy(call->text, sizeof call->text, task->comm);
	call->out[4] = (s64)guest_string_copy(own, sizeof own, task->comm);
	call->out[5] = own[6] == 'd' && own[7] == 0;
	call->out[6] = memcmp(task->comm, call->text, 9);
	call->out[7] = (s64)strnlen(task->comm, 4);
}

/* The text is also a name of a field, which the compiler keeps for itself. */
void test_text_like_a_field(void *argument)
{
	struct test_call *call = argument;
	const struct task *task = (const struct task *)call->in;

	call->out[0] = (s64)sum_bytes((const uint8_t *)"comm", 4);
	call->out[1] = (s64)strlen(task->comm);
}

void test_copies(void *argument)
{
	struct test_call *call = argument;
	struct pair {
		u64 a, b;
	};
	const struct pair *from = (const struct pair *)call->in;
	struct pair own = *from, twice[2];

	twice[0] = own;
	memcpy(&twice[1], from, sizeof *from);
	call->out[0] = (s64)own.a;
	call->out[1] = (s64)(twice[0].b ^ twice[1].b);
	call->out[2] = (s64)get_unaligned((const u32 *)(call->in + 1));
	memset(call->text, 'x', 3);
}

void test_load(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = *(const u32 *)call->in;
}

void test_wide_load(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = (s64) * (const volatile u64 *)call->in;
}

void test_atomic_load(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = (s64)__atomic_load_n((const u64 *)call->in, __ATOMIC_ACQUIRE);
}

void test_store(void *argument)
{
	struct test_call *call = argument;

	*(u32 *)call->in = 1;
}

void test_exchange(void *argument)
{
	struct test_call *call = argument;

	__atomic_fetch_add((u32 *)call->in, 1, __ATOMIC_RELAXED);
}

void test_local_index(void *argument)
{
	struct test_call *call = argument;
	u32 own[8];

	for (u32 i = 0; i < 8; i++)
		own[i] = (u32)call->in + i;
	call->out[0] = own[call->index];
}

void test_constant_index(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = squares[call->index];
}

void test_division(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = (s64)(call->in / call->index);
}

void test_shift(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = (s64)(call->in << call->index);
}

void test_endless_loop(void *argument)
{
	struct test_call *call = argument;

	for (const u64 *at = (const u64 *)call->in; at != NULL; at = (const u64 *)*at)
		call->out[0]++;
}

/* Few steps of its own, 8 GiB copied. */
void test_endless_copies(void *argument)
{
	char copy[4 << 10];
	struct test_call *call = argument;

	for (u64 i = 0; i < 2 << 20; i++) {
		guest_copy(copy, (const void *)call->in, sizeof copy);
		call->out[0]++;
	}
}

/* Few steps of its own, each of which fails. */
void test_endless_faults(void *argument)
{
	struct test_call *call = argument;

	for (u64 i = 0; i < 16 << 20; i++)
		call->out[0] += guest_try(test_shift, NULL) != STATUS_OK;
}

static __attribute__((noinline)) u64 depth_of(volatile uint64_t *tree, u64 depth)
{
	volatile u64 room[64];

	room[depth % 64] = depth;
	return *tree == depth ? 0 : depth_of(tree, depth + 1) + room[depth % 64];
}

void test_recursion(void *argument)
{
	struct test_call *call = argument;

	call->out[0] = (s64)depth_of(&call->in, 0);
}

struct inner {
	u64 address;
	u64 value;
};

static void load_inner(void *argument)
{
	struct inner *inner = argument;

	inner->value = *(const u32 *)inner->address;
}

void test_nested_boundary(void *argument)
{
	struct test_call *call = argument;
	struct inner bad = {8, 0}, good = {call->in, 0};

	call->out[0] = guest_try(load_inner, &bad);
	call->out[1] = guest_try(load_inner, &good);
	call->out[2] = (s64)good.value;
}

void test_native_pointer(void *argument)
{
	struct test_call *call = argument;
	u8 own[4] = {1, 2, 3, 4};

	call->out[0] = (s64)sum_bytes(own, sizeof own);
	call->out[1] = (s64)sum_bytes((const u8 *)call->in, 1);
}

static u64 twice(u64 x)
{
	return 2 * x;
}

static u64 thrice(u64 x)
{
	return 3 * x;
}

void test_function_pointer(void *argument)
{
	struct test_call *call = argument;
	u64 (*volatile functions[2])(u64) = {twice, thrice};

	call->out[0] = (s64)functions[call->index & 1](7);
	functions[0] = (u64(*)(u64))call->in;
	call->out[1] = (s64)functions[0](7);
}

static __attribute__((noinline)) u32 sum(const u32 *numbers, u32 count)
{
	u32 total = 0;

	for (u32 i = 0; i < count; i++)
		total += numbers[i];
	return total;
}

void test_own_memory(void *argument)
{
	struct test_call *call = argument;
	u32 own[4] = {1, 2, 3, 4};

	call->out[0] = sum(own, 4);
	call->out[1] = sum(squares, 8);
	call->out[2] = (s64)strlen("constant");
}

void test_boolean(void *argument)
{
	struct test_call *call = argument;

	/* Whatever the byte holds, it selects one of two. */
	call->out[0] = squares[((const struct task *)call->in)->is_kernel ? 3 : 2];
}
