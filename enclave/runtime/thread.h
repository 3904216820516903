/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread's data page (wire/image.h), as entry.S sees it: offsets from GS, and
 * the states of a thread. Included by assembly too.
 */
#ifndef ENCLAVE_RUNTIME_THREAD_H
#define ENCLAVE_RUNTIME_THREAD_H

/* The builder's part. */
#define THREAD_INDEX 8
#define THREAD_STACK_OFFSET 16
#define THREAD_STACK_SIZE 24
#define THREAD_EXCEPTION_STACK_OFFSET 32
#define THREAD_EXCEPTION_STACK_SIZE 40
#define THREAD_SSA_OFFSET 48
#define THREAD_SSA_FRAME_SIZE 56

/* The runtime's. */
#define THREAD_STATE 128
#define THREAD_HOST_RETURN 136 /* RCX, RSP, RBP as found at the last entry */
#define THREAD_HOST_RSP 144
#define THREAD_HOST_RBP 152
#define THREAD_SAVED_RSP 160 /* while a call is outstanding */

/* THREAD_STATE. A call's state is its caller's plus 1: entry.S counts on it. */
#define THREAD_NEW 0
#define THREAD_INSIDE 1 /* the program runs */
#define THREAD_CALLING 2 /* ... and waits for the host */
#define THREAD_HANDLING 3 /* it crashed, the report is made */
#define THREAD_HANDLING_CALL 4
#define THREAD_ENDED 5 /* nothing runs here any more */

/* wire/image.h's numbers, for assembly; start.c compares them. */
#define ENTRY_START 0
#define ENTRY_RETURN 1
#define EXIT_CALL 0
#define EXIT_RESUME 1
#define EXIT_REFUSED 2
#define REFUSAL_BUSY 1
#define REFUSAL_START 2
#define REFUSAL_THREAD 3
#define REFUSAL_MAX 15

/* Bytes of struct sgx_gprsgx (wire/sgx.h), and where RSP, RIP and EXITINFO lie, all
 * from the end of an SSA frame. */
#define SSA_GPRSGX_SIZE 184
#define SSA_RSP 152
#define SSA_RIP 48
#define SSA_EXIT_INFO 24

/* The place of argv, envp and the auxiliary vector above runtime_start()'s frames. */
#define START_TABLE_SIZE 49152

#endif
