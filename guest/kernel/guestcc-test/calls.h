/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test and its guest C exchange. */
#ifndef GUEST_KERNEL_GUESTCC_TEST_CALLS_H
#define GUEST_KERNEL_GUESTCC_TEST_CALLS_H

#include <stdint.h>

struct task;

/* Memory that guest C may use: guest_call()'s argument. */
struct test_call {
	uint64_t in; /* an address or a number */
	uint64_t index;
	int64_t out[8];
	char text[32];
};

/* Each fills call->out from what its name says. */
void test_plain_fields(void *call);
void test_bit_fields(void *call);
void test_nested_fields(void *call);
void test_arrays(void *call);
void test_existence(void *call);
void test_missing_field(void *call);
void test_missing_symbol(void *call);
void test_other_size(void *call);
void test_list(void *call);
void test_nulls_list(void *call);
void test_per_cpu(void *call);
void test_strings(void *call);
void test_text_like_a_field(void *call);
void test_copies(void *call);
void test_load(void *call); /* out[0] = *(u32 *)in */
void test_wide_load(void *call); /* out[0] = *(u64 *)in, volatile */
void test_atomic_load(void *call);
void test_store(void *call); /* *(u32 *)in = 1 */
void test_exchange(void *call); /* atomic add on *(u32 *)in */
void test_local_index(void *call);
void test_constant_index(void *call);
void test_division(void *call);
void test_shift(void *call);
void test_endless_loop(void *call);
void test_endless_copies(void *call);
void test_endless_faults(void *call);
void test_recursion(void *call);
void test_nested_boundary(void *call);
void test_native_pointer(void *call);
void test_function_pointer(void *call);
void test_own_memory(void *call);
void test_boolean(void *call);

/* Native: sums bytes of guest C's own memory. */
uint64_t sum_bytes(const uint8_t *bytes, uint64_t size);

#endif
