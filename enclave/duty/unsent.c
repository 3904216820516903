/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/unsent.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/runtime.h"

/* In clear before what is sealed, and bound to it. */
struct unsent_head {
	uint64_t magic;
	uint8_t cpusvn[SGX_CPUSVN_SIZE]; /* of the time when it was sealed: EGETKEY wants to know */
	uint16_t isv_svn;
	uint8_t reserved[6];
	uint8_t key_id[SGX_KEYID_SIZE];
	uint8_t nonce[LINK_NONCE_SIZE];
	uint8_t reserved2[4];
};

#define UNSENT_MAGIC UINT64_C(0x314e55545a494254) /* "TBIZTUN1", little-endian */

static const char label[] = "Bartizan unsent 1";

enum {
	/* What is sealed: stream and target, then the result. */
	UNSENT_PLAIN_SIZE_MAX =
		VERIFIER_STREAM_SIZE + START_TARGET_SIZE + sizeof(struct verifier_result) + RESULT_CONTENT_SIZE_MAX,
	UNSENT_RECORD_SIZE_MAX = sizeof(struct unsent_head) + UNSENT_PLAIN_SIZE_MAX + LINK_TAG_SIZE,
};

static_assert(sizeof(struct unsent_head) == 80, "no padding");
static_assert((int)UNSENT_RECORD_SIZE_MAX <= (int)CALL_UNSENT_SIZE_MAX, "the host takes it");

/* UNSENT_RECORD_SIZE_MAX bytes, made when they are first needed: in most runs they never are. */
static uint8_t *record;

static status make_room(void)
{
	if (record == NULL)
		record = malloc(UNSENT_RECORD_SIZE_MAX);
	return record != NULL ? STATUS_OK : report(STATUS_NO_MEMORY, "no memory for what the verifier hasn't taken");
}

/* This image's, on this CPU. */
static status make_key(const struct link_primitives *primitives, const struct unsent_head *head,
		       struct link_aead_key *ret_key)
{
	struct sgx_keyrequest request = {.key_name = SGX_KEY_SEAL,
					 .key_policy = SGX_KEYPOLICY_MRENCLAVE,
					 .isv_svn = head->isv_svn,
					 .attribute_mask = {~UINT64_C(0), 0}};
	uint8_t sealing[SGX_KEY_SIZE], secret[LINK_HASH_SIZE];
	const struct span parts[] = {{(const uint8_t *)label, sizeof label - 1}, {sealing, sizeof sealing}};

	memcpy(request.cpusvn, head->cpusvn, sizeof request.cpusvn);
	memcpy(request.key_id, head->key_id, sizeof request.key_id);
	TRY(runtime_key(&request, sealing));
	status result = primitives->sha256(parts, 2, secret);
	if (result == STATUS_OK)
		primitives->aead_init(ret_key, secret);
	link_wipe(sealing, sizeof sealing);
	link_wipe(secret, sizeof secret);
	return result;
}

static status make_head(const struct link_primitives *primitives, struct unsent_head *head)
{
	const struct sgx_targetinfo nobody = {0};
	const uint8_t data[SGX_REPORT_DATA_SIZE] = {0};
	struct sgx_report own;

	*head = (struct unsent_head){.magic = UNSENT_MAGIC};
	TRY(runtime_report(&nobody, data, &own));
	memcpy(head->cpusvn, own.cpusvn, sizeof head->cpusvn);
	head->isv_svn = own.isv_svn;
	TRY(primitives->random(head->key_id, sizeof head->key_id));
	return primitives->random(head->nonce, sizeof head->nonce);
}

status unsent_keep(const struct link_primitives *primitives, const struct results *results, const struct result *result)
{
	const size_t size = sizeof results->stream + sizeof results->target + result->size;
	struct unsent_head head;
	struct link_aead_key key;

	TRY(make_room());
	uint8_t *plain = record + sizeof(struct unsent_head);
	TRY(make_head(primitives, &head));
	TRY(make_key(primitives, &head, &key));
	memcpy(record, &head, sizeof head);
	memcpy(plain, results->stream, sizeof results->stream);
	memcpy(plain + sizeof results->stream, results->target, sizeof results->target);
	memcpy(plain + sizeof results->stream + sizeof results->target, result->body, result->size);
	status sealed = primitives->aead_seal(&key, head.nonce, (struct span){(const uint8_t *)&head, sizeof head},
					      (struct span){plain, size}, plain);
	link_wipe(&key, sizeof key);
	TRY(sealed);
	runtime_window_put(0, record, sizeof head + size + LINK_TAG_SIZE);
	int64_t host_answer = runtime_call_host(CALL_UNSENT_PUT, 0, sizeof head + size + LINK_TAG_SIZE, 0, 0, 0);
	if (host_answer == STATUS_UNSUPPORTED)
		return STATUS_UNSUPPORTED;
	return host_answer == STATUS_OK
		       ? STATUS_OK
		       : report(STATUS_IO, "the host didn't keep what the verifier hasn't taken (%lld)",
				(long long)host_answer);
}

static status open_record(const struct link_primitives *primitives, size_t record_size, size_t *ret_size)
{
	uint8_t *sealed = record + sizeof(struct unsent_head);
	struct unsent_head head;
	struct link_aead_key key;

	memcpy(&head, record, sizeof head);
	if (head.magic != UNSENT_MAGIC)
		return STATUS_MALFORMED;
	TRY(make_key(primitives, &head, &key));
	const struct span content = {sealed, record_size - sizeof head};
	status result = primitives->aead_open(&key, head.nonce, (struct span){(const uint8_t *)&head, sizeof head},
					      content, sealed);
	link_wipe(&key, sizeof key);
	*ret_size = content.size - LINK_TAG_SIZE;
	return result;
}

status unsent_find(const struct link_primitives *primitives, uint64_t file, uint64_t number, struct unsent *ret_unsent)
{
	const size_t before = sizeof ret_unsent->stream + sizeof ret_unsent->target;
	size_t size = 0;

	int64_t host_answer = runtime_call_host(CALL_UNSENT_GET, number, 0, UNSENT_RECORD_SIZE_MAX, file, 0);
	if (host_answer == 0 || host_answer == STATUS_UNSUPPORTED)
		return STATUS_END;
	if (host_answer <
		    (int64_t)(sizeof(struct unsent_head) + before + sizeof(struct verifier_result) + LINK_TAG_SIZE) ||
	    host_answer > (int64_t)UNSENT_RECORD_SIZE_MAX)
		return report(STATUS_IO, "the host answered %lld when asked for what is left of an earlier run",
			      (long long)host_answer);
	TRY(make_room());
	const uint8_t *plain = record + sizeof(struct unsent_head);
	runtime_window_get(0, record, (size_t)host_answer);
	if (open_record(primitives, (size_t)host_answer, &size) != STATUS_OK)
		return report(STATUS_MALFORMED,
			      "what the host shows as left over from an earlier run of this image isn't: another "
			      "image's, another CPU's, or altered");
	memcpy(ret_unsent->stream, plain, sizeof ret_unsent->stream);
	memcpy(ret_unsent->target, plain + sizeof ret_unsent->stream, sizeof ret_unsent->target);
	ret_unsent->size = size - before;
	memcpy(ret_unsent->body, plain + before, size - before);
	return STATUS_OK;
}

void unsent_forget(uint64_t file)
{
	/* What stays is told again: each result is kept once. */
	(void)runtime_call_host(CALL_UNSENT_CLEAR, file, 0, 0, 0, 0);
}
