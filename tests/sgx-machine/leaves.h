/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SGX's structures and numbers, from SDM 3D, and the enclaves that the checks build. */
#ifndef SGX_LEAVES_H
#define SGX_LEAVES_H

#include "machine.h"

enum encls_leaf {
	ECREATE,
	EADD,
	EINIT,
	EREMOVE,
	EDBGRD,
	EDBGWR,
	EEXTEND,
	ELDB,
	ELDU,
	EBLOCK,
	EPA,
	EWB,
	ETRACK,
	EAUG,
	EMODPR,
	EMODT,
	ENCLS_LEAVES
};
enum enclu_leaf { EREPORT, EGETKEY, EENTER, ERESUME, EEXIT, EACCEPT, EMODPE, EACCEPTCOPY, ENCLU_LEAVES };
enum code {
	DONE = 0,
	INVALID_SIG_STRUCT = 1,
	INVALID_ATTRIBUTE = 2,
	BLKSTATE = 3,
	INVALID_MEASUREMENT = 4,
	NOTBLOCKABLE = 5,
	PG_INVLD = 6,
	INVALID_SIGNATURE = 8,
	MAC_COMPARE_FAIL = 9,
	PAGE_NOT_BLOCKED = 10,
	NOT_TRACKED = 11,
	VA_SLOT_OCCUPIED = 12,
	CHILD_PRESENT = 13,
	ENCLAVE_ACT = 14,
	INVALID_EINITTOKEN = 16,
	PREV_TRK_INCMPL = 17,
	PG_IS_SECS = 18,
	PAGE_ATTRIBUTES_MISMATCH = 19,
	PAGE_NOT_MODIFIABLE = 20,
	PAGE_NOT_DEBUGGABLE = 21,
	INVALID_CPUSVN = 32,
	INVALID_ISVSVN = 64,
	INVALID_KEYNAME = 256,
};
enum { PT_SECS = 0x000, PT_TCS = 0x100, PT_REG = 0x200, PT_VA = 0x300, PT_TRIM = 0x400 };
enum { R = 1, W = 2, X = 4, PENDING = 8, MODIFIED = 0x10, PR = 0x20 };
enum { INIT = 1, DEBUG = 2, MODE64 = 4, PROVISION = 0x10, TOKENKEY = 0x20 };

struct secs {
	uint64_t size, base;
	uint32_t ssa_frame_pages, miscselect;
	uint8_t reserved1[24];
	uint64_t attributes, xfrm;
	uint8_t rest[4032];
};
_Static_assert(sizeof(struct secs) == PAGE, "SDM");

struct tcs {
	uint64_t state, flags, ossa;
	uint32_t cssa, nssa;
	uint64_t oentry, aep, ofsbase, ogsbase;
	uint32_t fslimit, gslimit;
	uint8_t reserved[4024];
};
_Static_assert(sizeof(struct tcs) == PAGE, "SDM");

struct secinfo {
	uint64_t flags;
	uint8_t reserved[56];
} __attribute__((aligned(64)));

struct pageinfo {
	uint64_t linaddr, srcpge, secinfo, secs;
} __attribute__((aligned(32)));

struct pcmd {
	uint64_t flags;
	uint8_t reserved1[56];
	uint64_t enclave;
	uint8_t reserved2[40];
	uint8_t mac[16];
} __attribute__((aligned(128)));

/* What test_sgx_machine.py gives: for each kind of enclave a signature, a token, the hash of the signer's key. */
struct given {
	uint8_t sigstruct[2048], token[512], signer[32];
	uint64_t seed; /* the first one's: checks-bad-input.c */
	uint8_t unused[1496];
};
_Static_assert(sizeof(struct given) == PAGE, "test_sgx_machine.py");
#define GIVEN ((struct given *)0x128000)
enum given_kind {
	GIVEN_DEBUG,
	GIVEN_PLAIN,
	GIVEN_KEYS,
	GIVEN_WRONG_HASH,
	GIVEN_WRONG_XFRM,
	GIVEN_WRONG_MISC,
	GIVEN_OTHER_SIGNER,
	GIVEN_TOKEN,
	GIVEN_TOKEN_OTHER_HASH,
	GIVEN_TOKEN_OTHER_ATTRIBUTES,
	GIVEN_TOKEN_DEBUG,
	GIVEN_VENDOR,
	GIVEN_PLAIN_XFRM3,
	GIVEN_TOKEN_OTHER_SIGNER,
	GIVEN_TOKEN_OTHER_XFRM,
	GIVEN_KINDS,
};

/* An enclave's pages by their number, and the number of them that EADD brings (test_sgx_machine.py has the same). */
enum { CODE, DATA, TCS0, SSA0, TCS1 = 5, SSA1, READ_ONLY = 8, ADDED, SPARE = 9, ENCLAVE_PAGES = 16 };
/* EPC pages: SECS, then the enclave's pages; each enclave has so many. The last is for version arrays. */
enum { EPC_STRIDE = 32, VA = 512, FREE = 513 };

struct enclave {
	uint64_t base; /* linear */
	uint64_t epc_first; /* the number of its SECS among the EPC's pages */
	struct secs secs;
};

extern struct tcs tcs_source;
extern uint8_t page_source[PAGE];
extern char enclave_code[], enclave_snippets[], enclave_others[], enclave_faults[], enclave_x87[], enclave_last[],
	enclave_single[], enclave_store[], enclave_divide[], enclave_clock[];

/* number: which of the places for enclaves; not in the EPC yet. Valid for ECREATE. */
void enclave_describe(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm,
		      uint32_t miscselect);
struct outcome enclave_create(const struct enclave *enclave);
/* A page's number, its SECINFO flags and content. */
struct outcome enclave_add(const struct enclave *enclave, unsigned page, uint64_t flags, const void *source);
struct outcome enclave_aug(const struct enclave *enclave, unsigned page);
void enclave_extend(const struct enclave *enclave, unsigned page);
struct outcome enclave_init(const struct enclave *enclave, enum given_kind kind);
/* All of it: described, created, its pages added, measured and mapped, the signer's hash in the MSRs, initialized. */
struct outcome enclave_build(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm,
			     uint32_t miscselect, enum given_kind kind);
/* The same but for EINIT. */
void enclave_load(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm, uint32_t miscselect);
void enclave_remove(const struct enclave *enclave);
void epc_clean(void);
void launch_hash(const uint8_t hash[32]);

static inline uint64_t secs_of(const struct enclave *enclave)
{
	return epc(enclave->epc_first);
}
static inline uint64_t page_of(const struct enclave *enclave, unsigned page)
{
	return epc(enclave->epc_first + 1 + page);
}
static inline uint64_t linear_of(const struct enclave *enclave, unsigned page)
{
	return enclave->base + (uint64_t)page * PAGE;
}

/* Into the enclave by this TCS (its page's number); what enclave.S does by RDI. Until something traps. */
enum command { COMMAND_COPY, COMMAND_LEAF, COMMAND_JUMP, COMMAND_STATE, COMMAND_SPIN, COMMAND_LOOK };
void enclave_enter_prepare(const struct enclave *enclave, struct user *user, unsigned tcs, enum command command);
void enclave_run(const struct enclave *enclave, struct user *user, unsigned tcs, enum command command);
/* ENCLU inside: as an outcome, of which a fault was taken outside. After a fault the TCS has a frame more:
 * enclave_unwind(). */
struct outcome enclave_enclu(const struct enclave *enclave, uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx);
void enclave_copy(const struct enclave *enclave, uint64_t to, uint64_t from, uint64_t size);
/* Jump to code of the enclave's after what enclave_code says. */
void enclave_jump(const struct enclave *enclave, struct user *user, uint64_t linear);
/* A new TCS and empty frames: what a fault inside left is gone. */
void enclave_unwind(const struct enclave *enclave);
uint64_t debug_read(const struct enclave *enclave, unsigned page, uint64_t offset);

void checks_enabling(void);
void checks_build(void);
void checks_init(void);
void checks_paging(void);
void checks_dynamic(void);
void checks_enter(void);
void checks_state(void);
void checks_illegal(void);
void checks_debug(void);
void checks_keys(void);
void checks_two(void);
void checks_bad_input(void);

#endif
