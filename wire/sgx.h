/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel SGX's own structures, as the CPU reads and writes them: Intel SDM vol. 3D,
 * chapter 38 ("Enclave Access Control and Data Structures", tables named below).
 * Everything is little-endian; reserved bytes are zero.
 */
#ifndef WIRE_SGX_H
#define WIRE_SGX_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SGX_PAGE_SIZE = 4096,
	SGX_HASH_SIZE = 32,
	SGX_KEY_SIZE = 16,
	SGX_CPUSVN_SIZE = 16,
	SGX_KEYID_SIZE = 32,
	SGX_REPORT_DATA_SIZE = 64,
	SGX_MODULUS_SIZE = 384, /* RSA-3072 */
	SGX_CONFIG_ID_SIZE = 64,
};

/* ENCLU leaves: SDM vol. 3D, table 37-2. */
enum sgx_enclu_leaf {
	ENCLU_EREPORT = 0,
	ENCLU_EGETKEY = 1,
	ENCLU_EENTER = 2,
	ENCLU_ERESUME = 3,
	ENCLU_EEXIT = 4,
	ENCLU_EACCEPT = 5,
	ENCLU_EMODPE = 6,
	ENCLU_EACCEPTCOPY = 7,
};

/* SECS.ATTRIBUTES.FLAGS: 38.7.1, table 38-3. */
#define SGX_ATTRIBUTE_INIT (UINT64_C(1) << 0)
#define SGX_ATTRIBUTE_DEBUG (UINT64_C(1) << 1)
#define SGX_ATTRIBUTE_MODE64BIT (UINT64_C(1) << 2)
#define SGX_ATTRIBUTE_PROVISION_KEY (UINT64_C(1) << 4)
#define SGX_ATTRIBUTE_EINITTOKEN_KEY (UINT64_C(1) << 5)

/* XFRM: as XCR0 (SDM vol. 1, 13.3). */
#define SGX_XFRM_LEGACY UINT64_C(0x3) /* x87 and SSE: always set */
#define SGX_XFRM_AVX UINT64_C(0x4)
#define SGX_XFRM_AVX512 UINT64_C(0xe0)

/* SECS.MISCSELECT: 38.7.2. EXINFO: #PF and #GP are reported in the SSA too. */
enum { SGX_MISC_EXINFO = 1 << 0 };

struct sgx_attributes {
	uint64_t flags;
	uint64_t xfrm;
};

/* Table 38-2. */
struct sgx_secs {
	uint64_t size; /* a power of two */
	uint64_t base; /* aligned to size */
	uint32_t ssa_frame_size; /* pages */
	uint32_t misc_select;
	uint8_t reserved1[24];
	struct sgx_attributes attributes;
	uint8_t mrenclave[SGX_HASH_SIZE];
	uint8_t reserved2[32];
	uint8_t mrsigner[SGX_HASH_SIZE];
	uint8_t reserved3[32];
	uint8_t config_id[SGX_CONFIG_ID_SIZE];
	uint16_t isv_prod_id;
	uint16_t isv_svn;
	uint16_t config_svn;
	uint8_t reserved4[3834];
};
static_assert(sizeof(struct sgx_secs) == 4096, "one page");

/* Table 38-6. Offsets count from the enclave's base. */
struct sgx_tcs {
	uint64_t stage;
	uint64_t flags; /* bit 0: DBGOPTIN */
	uint64_t ossa;
	uint32_t cssa;
	uint32_t nssa;
	uint64_t oentry;
	uint64_t reserved1;
	uint64_t ofsbase;
	uint64_t ogsbase;
	uint32_t fslimit;
	uint32_t gslimit;
	uint8_t reserved2[4024];
};
static_assert(sizeof(struct sgx_tcs) == 4096, "one page");

/* The last bytes of an SSA frame: table 38-8. */
struct sgx_gprsgx {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rflags, rip;
	uint64_t ursp, urbp; /* of the untrusted side */
	uint32_t exit_info; /* SGX_EXIT_* */
	uint32_t reserved;
	uint64_t fs_base, gs_base;
};
static_assert(sizeof(struct sgx_gprsgx) == 184, "SDM table 38-8");

/* EXITINFO: table 38-9. Vector in bits 0…7, type in 8…10 (3 hardware, 6
 * software), bit 31 valid. */
#define SGX_EXIT_VECTOR(info) ((info) & 0xff)
#define SGX_EXIT_TYPE(info) ((info) >> 8 & 7)
#define SGX_EXIT_VALID UINT32_C(0x80000000)

/* The MISC region, right below GPRSGX, where MISCSELECT has EXINFO: table 38-12. */
struct sgx_exinfo {
	uint64_t maddr; /* #PF: the address; 0 for #GP */
	uint32_t errcd;
	uint32_t reserved;
};
static_assert(sizeof(struct sgx_exinfo) == 16, "SDM table 38-12");

/* SECINFO.FLAGS: table 38-15. */
#define SGX_SECINFO_R (UINT64_C(1) << 0)
#define SGX_SECINFO_W (UINT64_C(1) << 1)
#define SGX_SECINFO_X (UINT64_C(1) << 2)
#define SGX_SECINFO_TYPE_TCS (UINT64_C(1) << 8)
#define SGX_SECINFO_TYPE_REG (UINT64_C(2) << 8)

struct sgx_secinfo {
	uint64_t flags;
	uint8_t reserved[56];
};
static_assert(sizeof(struct sgx_secinfo) == 64, "SDM table 38-14");

/* Enclave signature structure: table 38-19. Signed: bytes 0…127 and 900…1027. */
struct sgx_sigstruct {
	uint8_t header[16];
	uint32_t vendor;
	uint32_t date; /* BCD: 0xYYYYMMDD */
	uint8_t header2[16];
	uint32_t swdefined;
	uint8_t reserved1[84];
	uint8_t modulus[SGX_MODULUS_SIZE]; /* little-endian */
	uint32_t exponent; /* 3 */
	uint8_t signature[SGX_MODULUS_SIZE]; /* little-endian */
	uint32_t misc_select;
	uint32_t misc_mask;
	uint8_t cet_attributes, cet_attributes_mask;
	uint8_t reserved2[2];
	uint8_t isv_family_id[16];
	struct sgx_attributes attributes;
	struct sgx_attributes attributes_mask;
	uint8_t mrenclave[SGX_HASH_SIZE];
	uint8_t reserved3[16];
	uint8_t isv_ext_prod_id[16];
	uint16_t isv_prod_id;
	uint16_t isv_svn;
	uint8_t reserved4[12];
	uint8_t q1[SGX_MODULUS_SIZE];
	uint8_t q2[SGX_MODULUS_SIZE];
};
static_assert(sizeof(struct sgx_sigstruct) == 1808, "SDM table 38-19");
static_assert(offsetof(struct sgx_sigstruct, misc_select) == 900, "second signed part");
static_assert(offsetof(struct sgx_sigstruct, reserved4) == 1028, "end of the second signed part");

/* Table 38-22; 512-byte aligned. */
struct sgx_targetinfo {
	uint8_t mrenclave[SGX_HASH_SIZE];
	struct sgx_attributes attributes;
	uint8_t cet_attributes;
	uint8_t reserved1;
	uint16_t config_svn;
	uint32_t misc_select;
	uint8_t reserved2[8];
	uint8_t config_id[SGX_CONFIG_ID_SIZE];
	uint8_t reserved3[384];
};
static_assert(sizeof(struct sgx_targetinfo) == 512, "SDM table 38-22");

/* Table 38-21; 512-byte aligned. The MAC covers everything before key_id. */
struct sgx_report {
	uint8_t cpusvn[SGX_CPUSVN_SIZE];
	uint32_t misc_select;
	uint8_t cet_attributes;
	uint8_t reserved1[11];
	uint8_t isv_ext_prod_id[16];
	struct sgx_attributes attributes;
	uint8_t mrenclave[SGX_HASH_SIZE];
	uint8_t reserved2[32];
	uint8_t mrsigner[SGX_HASH_SIZE];
	uint8_t reserved3[32];
	uint8_t config_id[SGX_CONFIG_ID_SIZE];
	uint16_t isv_prod_id;
	uint16_t isv_svn;
	uint16_t config_svn;
	uint8_t reserved4[42];
	uint8_t isv_family_id[16];
	uint8_t report_data[SGX_REPORT_DATA_SIZE];
	uint8_t key_id[SGX_KEYID_SIZE];
	uint8_t mac[16];
};
static_assert(sizeof(struct sgx_report) == 432, "SDM table 38-21");

/* KEYREQUEST: table 38-24; 512-byte aligned. */
enum sgx_key_name {
	SGX_KEY_EINITTOKEN = 0,
	SGX_KEY_PROVISION = 1,
	SGX_KEY_PROVISION_SEAL = 2,
	SGX_KEY_REPORT = 3,
	SGX_KEY_SEAL = 4,
};

/* KEYREQUEST.KEYPOLICY: table 38-25. */
enum {
	SGX_KEYPOLICY_MRENCLAVE = 1 << 0,
	SGX_KEYPOLICY_MRSIGNER = 1 << 1,
	SGX_KEYPOLICY_NOISVPRODID = 1 << 2,
	SGX_KEYPOLICY_CONFIGID = 1 << 3,
	SGX_KEYPOLICY_ISVFAMILYID = 1 << 4,
	SGX_KEYPOLICY_ISVEXTPRODID = 1 << 5,
};

struct sgx_keyrequest {
	uint16_t key_name;
	uint16_t key_policy;
	uint16_t isv_svn;
	uint8_t cet_attributes_mask;
	uint8_t reserved1;
	uint8_t cpusvn[SGX_CPUSVN_SIZE];
	struct sgx_attributes attribute_mask;
	uint8_t key_id[SGX_KEYID_SIZE];
	uint32_t misc_mask;
	uint16_t config_svn;
	uint8_t reserved2[434];
};
static_assert(sizeof(struct sgx_keyrequest) == 512, "SDM table 38-24");

/* What EGETKEY leaves in RAX besides 0: table 37-4 of the SDM, "Error or
 * Information Codes". */
enum sgx_error {
	SGX_SUCCESS = 0,
	SGX_INVALID_ATTRIBUTE = 1 << 1,
	SGX_INVALID_CPUSVN = 1 << 5,
	SGX_INVALID_ISVSVN = 1 << 6,
	SGX_INVALID_KEYNAME = 1 << 8,
};

#endif
