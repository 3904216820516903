/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/aesm/aesm.h"

#include <string.h>

#include "base/report.h"
#include "host/aesm/error.h"
#include "host/aesm/exchange.h"
#include "host/aesm/quote.h"

enum {
	/* A service has two or three: EPID's and ECDSA's. */
	KEY_COUNT_MAX = 64,
	/* Where a key's ID says its algorithm (sgx_ql_att_key_id_t behind id, version and MRSIGNER: linux-sgx,
	 * common/inc/sgx_quote.h), and P-256's. */
	ALGORITHM_OFFSET = 154,
	ALGORITHM_ECDSA_P256 = 2,
	/* What it calls the attestation key's public part is a hash. */
	PUBLIC_KEY_SIZE_MAX = 4096,
	/* As an enclave takes them (wire/evidence.h), and some more. */
	QUOTE_SIZE_MAX = 32 << 10,
};

static void answer_free(Aesm__Response **answer)
{
	if (*answer != NULL)
		aesm__response__free_unpacked(*answer, NULL);
}

#define CLEANUP_ANSWER __attribute__((cleanup(answer_free)))

/* Each answer has its error in the same place, which C's generated structures don't show. */
static status check(const struct aesm *aesm, const Aesm__Response *answer, const void *member, const uint32_t *error,
		    const char *question)
{
	if (member == NULL && answer->unsupported != NULL)
		return report(
			STATUS_UNSUPPORTED,
			"the AESM service at %s doesn't know the question for %s: upgrade it to 2.7 or later, with "
			"libsgx-aesm-quote-ex-plugin",
			aesm->path, question);
	if (member == NULL)
		return report(STATUS_MALFORMED, "the AESM service at %s answered something else than %s: restart aesmd",
			      aesm->path, question);
	if (*error != 0)
		return report(STATUS_IO, "the AESM service at %s refused %s (its error %u): %s", aesm->path, question,
			      *error, aesm_error_words(*error));
	return STATUS_OK;
}

#define CHECK(aesm, answer, name, question) \
	check(aesm, answer, (answer)->name, (answer)->name != NULL ? &(answer)->name->error : NULL, question)

static status lacks(const struct aesm *aesm, const char *question)
{
	return report(STATUS_MALFORMED,
		      "the AESM service at %s says that it gave %s, and there is none of the right size: "
		      "restart aesmd",
		      aesm->path, question);
}

static status count_keys(struct aesm *aesm, uint32_t *ret_count)
{
	Aesm__Request__CountKeys ask = AESM__REQUEST__COUNT_KEYS__INIT;
	Aesm__Request request = AESM__REQUEST__INIT;
	Aesm__Response *answer CLEANUP_ANSWER = NULL;

	ask.has_timeout_ms = true;
	ask.timeout_ms = aesm->deadline.whole_ms;
	request.count_keys = &ask;
	TRY(aesm_exchange(aesm->path, &aesm->deadline, &request, &answer));
	TRY(CHECK(aesm, answer, count_keys, "the number of its keys"));
	if (!answer->count_keys->has_count || answer->count_keys->count > KEY_COUNT_MAX)
		return lacks(aesm, "the number of its keys");
	*ret_count = answer->count_keys->count;
	return STATUS_OK;
}

/* The first ECDSA key: whose enclave it belongs to, the verifier judges. */
static status choose_key(struct aesm *aesm, struct span list)
{
	struct reader reader;
	struct span key;

	reader_init(&reader, list);
	while (reader_bytes(&reader, AESM_KEY_ID_SIZE, &key) == STATUS_OK) {
		struct reader inner;
		uint32_t algorithm;

		reader_init(&inner, key);
		if (reader_seek(&inner, ALGORITHM_OFFSET) != STATUS_OK || reader_u32(&inner, &algorithm) != STATUS_OK ||
		    algorithm != ALGORITHM_ECDSA_P256)
			continue;
		memcpy(aesm->key_id, key.data, sizeof aesm->key_id);
		aesm->has_key = true;
		return STATUS_OK;
	}
	return report(STATUS_UNSUPPORTED,
		      "the AESM service at %s has no ECDSA key (%zu others, of EPID, which Intel has ended): install "
		      "libsgx-aesm-ecdsa-plugin and restart aesmd",
		      aesm->path, list.size / AESM_KEY_ID_SIZE);
}

static status find_key(struct aesm *aesm)
{
	Aesm__Request__ListKeys ask = AESM__REQUEST__LIST_KEYS__INIT;
	Aesm__Request request = AESM__REQUEST__INIT;
	Aesm__Response *answer CLEANUP_ANSWER = NULL;
	uint32_t count = 0;

	if (aesm->has_key)
		return STATUS_OK;
	TRY(count_keys(aesm, &count));
	ask.size = count * AESM_KEY_ID_SIZE;
	ask.has_timeout_ms = true;
	ask.timeout_ms = aesm->deadline.whole_ms;
	request.list_keys = &ask;
	TRY(aesm_exchange(aesm->path, &aesm->deadline, &request, &answer));
	TRY(CHECK(aesm, answer, list_keys, "its keys"));
	if (!answer->list_keys->has_key_ids || answer->list_keys->key_ids.len != (size_t)count * AESM_KEY_ID_SIZE)
		return lacks(aesm, "its keys");
	return choose_key(aesm, (struct span){answer->list_keys->key_ids.data, answer->list_keys->key_ids.len});
}

/* Without a place for the public key it only says how large that is, as Intel's own library asks it. */
static status init_quote(struct aesm *aesm, bool wants_key, uint64_t *size, struct sgx_targetinfo *ret_target)
{
	Aesm__Request__InitQuote ask = AESM__REQUEST__INIT_QUOTE__INIT;
	Aesm__Request request = AESM__REQUEST__INIT;
	Aesm__Response *answer CLEANUP_ANSWER = NULL;

	ask.has_key_id = ask.has_timeout_ms = ask.has_public_key_size = true;
	ask.key_id = (ProtobufCBinaryData){sizeof aesm->key_id, aesm->key_id};
	ask.wants_public_key = wants_key;
	ask.public_key_size = *size;
	ask.timeout_ms = aesm->deadline.whole_ms;
	request.init_quote = &ask;
	TRY(aesm_exchange(aesm->path, &aesm->deadline, &request, &answer));
	TRY(CHECK(aesm, answer, init_quote, "its quoting enclave's TARGETINFO"));
	const Aesm__Response__InitQuote *got = answer->init_quote;
	if (!wants_key) {
		if (!got->has_public_key_size || got->public_key_size > PUBLIC_KEY_SIZE_MAX)
			return lacks(aesm, "the size of its key");
		*size = got->public_key_size;
		return STATUS_OK;
	}
	if (!got->has_target || got->target.len != sizeof *ret_target)
		return lacks(aesm, "its quoting enclave's TARGETINFO");
	memcpy(ret_target, got->target.data, sizeof *ret_target);
	return STATUS_OK;
}

static status find_target(void *context, struct sgx_targetinfo *ret_target)
{
	struct aesm *aesm = context;
	struct sgx_targetinfo target;
	uint64_t size = 0;

	aesm_deadline_start(&aesm->deadline, aesm->target_ms, aesm->notice_ms);
	TRY(find_key(aesm));
	TRY(init_quote(aesm, false, &size, &target));
	TRY(init_quote(aesm, true, &size, &target));
	*ret_target = target;
	return STATUS_OK;
}

static status quote_size(struct aesm *aesm, uint32_t *ret_size)
{
	Aesm__Request__GetQuoteSize ask = AESM__REQUEST__GET_QUOTE_SIZE__INIT;
	Aesm__Request request = AESM__REQUEST__INIT;
	Aesm__Response *answer CLEANUP_ANSWER = NULL;

	ask.has_key_id = ask.has_timeout_ms = true;
	ask.key_id = (ProtobufCBinaryData){sizeof aesm->key_id, aesm->key_id};
	ask.timeout_ms = aesm->deadline.whole_ms;
	request.get_quote_size = &ask;
	TRY(aesm_exchange(aesm->path, &aesm->deadline, &request, &answer));
	TRY(CHECK(aesm, answer, get_quote_size, "a quote's size"));
	if (!answer->get_quote_size->has_size || answer->get_quote_size->size == 0)
		return lacks(aesm, "a quote's size");
	if (answer->get_quote_size->size > QUOTE_SIZE_MAX)
		return report(
			STATUS_LIMIT,
			"the AESM service at %s wants to make a quote of %u bytes, and none has more than %d: restart "
			"aesmd",
			aesm->path, answer->get_quote_size->size, QUOTE_SIZE_MAX);
	*ret_size = answer->get_quote_size->size;
	return STATUS_OK;
}

/* Copied once, then looked at, and only as far as it is one. */
static status take_quote(struct span bytes, const struct sgx_report *report_, uint8_t *quote, size_t size,
			 size_t *ret_size)
{
	size_t own_size = 0;

	TRY(aesm_quote_check(bytes, report_, &own_size));
	if (own_size > size)
		return report(STATUS_LIMIT, "the AESM service's quote of %zu bytes is too large: an enclave takes %zu",
			      own_size, size);
	memcpy(quote, bytes.data, own_size);
	*ret_size = own_size;
	return STATUS_OK;
}

static status make_quote(void *context, const struct sgx_report *report_, uint8_t *quote, size_t size, size_t *ret_size)
{
	struct aesm *aesm = context;
	Aesm__Request__GetQuote ask = AESM__REQUEST__GET_QUOTE__INIT;
	Aesm__Request request = AESM__REQUEST__INIT;
	Aesm__Response *answer CLEANUP_ANSWER = NULL;
	struct sgx_report copy = *report_;

	aesm_deadline_start(&aesm->deadline, aesm->quote_ms, aesm->notice_ms);
	TRY(find_key(aesm));
	TRY(quote_size(aesm, &ask.size));
	ask.report = (ProtobufCBinaryData){sizeof copy, (uint8_t *)&copy};
	ask.has_key_id = ask.has_timeout_ms = true;
	ask.key_id = (ProtobufCBinaryData){sizeof aesm->key_id, aesm->key_id};
	ask.timeout_ms = aesm->deadline.whole_ms;
	request.get_quote = &ask;
	TRY(aesm_exchange(aesm->path, &aesm->deadline, &request, &answer));
	TRY(CHECK(aesm, answer, get_quote, "a quote"));
	if (!answer->get_quote->has_quote)
		return lacks(aesm, "a quote");
	return take_quote((struct span){answer->get_quote->quote.data, answer->get_quote->quote.len}, report_, quote,
			  size, ret_size);
}

void aesm_init(struct aesm *aesm, const char *path)
{
	*aesm = (struct aesm){
		.path = path, .target_ms = AESM_TARGET_MS, .quote_ms = AESM_QUOTE_MS, .notice_ms = AESM_NOTICE_MS};
	aesm->quoter = (struct quoter){.context = aesm, .target = find_target, .quote = make_quote};
}

const struct quoter *aesm_quoter(struct aesm *aesm)
{
	return &aesm->quoter;
}
