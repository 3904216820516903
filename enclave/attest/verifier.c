/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/attest/verifier.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "base/report.h"
#include "enclave/attest/evidence.h"
#include "enclave/attest/quote.h"
#include "enclave/attest/transfer.h"
#include "enclave/runtime/runtime.h"
#include "wire/agent.h"

enum {
	PRIVATE_KEY_SIZE_MAX = 160, /* of P-256 in DER: 121 */
	PUBLIC_KEY_SIZE_MAX = 128, /* SubjectPublicKeyInfo: 91 */
	KEY_PART_SIZE = 32, /* x, or y */
};

/* How long one look for bytes may take. */
static uint32_t look_ms = CALL_VERIFIER_WAIT_MS_MAX;

static struct {
	bool is_open;
	bool has_owner; /* the other end's certificate is of the owner's key */
	/* Looks, of a second each, without a byte, in what is done now: a verifier that has much to do answers later.
	 */
	uint32_t patience;
	WOLFSSL_CTX *context;
	WOLFSSL *ssl;
	WC_RNG random;
	ecc_key key;
	bool has_random, has_key;
} state;

static status wolfssl_failed(const char *what, int code)
{
	return report(STATUS_INTERNAL, "wolfSSL failed to %s: its error %d", what, code);
}

static int receive_bytes(WOLFSSL *ssl, char *buffer, int size, void *nothing)
{
	int count = transfer_receive(buffer, (size_t)size, look_ms);

	(void)ssl, (void)nothing;
	return count > 0 ? count : count == 0 ? WOLFSSL_CBIO_ERR_WANT_READ : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static int send_bytes(WOLFSSL *ssl, char *buffer, int size, void *nothing)
{
	int count = transfer_send(buffer, (size_t)size);

	(void)ssl, (void)nothing;
	return count > 0 ? count : count == 0 ? WOLFSSL_CBIO_ERR_WANT_WRITE : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static bool key_of_info(const uint8_t *info, uint32_t size, uint8_t ret_key[2 * KEY_PART_SIZE])
{
	word32 place = 0, x_size = KEY_PART_SIZE, y_size = KEY_PART_SIZE;
	ecc_key key;

	if (wc_ecc_init(&key) != 0)
		return false;
	bool done = wc_EccPublicKeyDecode(info, &place, &key, size) == 0 &&
		    wc_ecc_get_curve_id(key.idx) == ECC_SECP256R1 &&
		    wc_ecc_export_public_raw(&key, ret_key, &x_size, ret_key + KEY_PART_SIZE, &y_size) == 0 &&
		    x_size == KEY_PART_SIZE && y_size == KEY_PART_SIZE;
	wc_ecc_free(&key);
	return done;
}

/* The P-256 key of a certificate as x ‖ y; false: it has none. */
static bool certificate_key(const uint8_t *der, uint32_t size, uint8_t ret_key[2 * KEY_PART_SIZE])
{
	/* Some KiB, and one thread. */
	static DecodedCert certificate;
	uint8_t info[PUBLIC_KEY_SIZE_MAX];
	word32 info_size = sizeof info;

	wc_InitDecodedCert(&certificate, der, size, NULL);
	bool done = wc_ParseCert(&certificate, CERT_TYPE, NO_VERIFY, NULL) == 0 &&
		    wc_GetPubKeyDerFromCert(&certificate, info, &info_size) == 0 &&
		    key_of_info(info, info_size, ret_key);
	wc_FreeDecodedCert(&certificate);
	return done;
}

/* In place of a chain to somebody whom we know: the key itself is known. wolfSSL calls this because it
 * finds nobody who signed the certificate; that the other end holds the key, the handshake shows. */
static int check_owner(int is_fine, WOLFSSL_X509_STORE_CTX *chain)
{
	uint8_t key[2 * KEY_PART_SIZE];

	(void)is_fine;
	if (chain->totalCerts < 1 || chain->certs == NULL ||
	    !certificate_key(chain->certs[0].buffer, chain->certs[0].length, key) ||
	    memcmp(key, runtime_owner_key(), sizeof key) != 0)
		return 0;
	state.has_owner = true;
	return 1;
}

static status make_key(void)
{
	int code = wc_InitRng(&state.random);

	if (code != 0)
		return wolfssl_failed("start its generator", code);
	state.has_random = true;
	code = wc_ecc_init(&state.key);
	if (code != 0)
		return wolfssl_failed("make a key", code);
	state.has_key = true;
	code = wc_ecc_make_key_ex(&state.random, KEY_PART_SIZE, &state.key, ECC_SECP256R1);
	return code == 0 ? STATUS_OK : wolfssl_failed("make a key", code);
}

/* `der` is room for one. */
static status use_certificate(uint8_t *der)
{
	uint8_t private_key[PRIVATE_KEY_SIZE_MAX];
	size_t size;

	TRY(make_key());
	TRY(attest_certificate(&state.key, &state.random, der, &size));
	int code = wolfSSL_CTX_use_certificate_buffer(state.context, der, (long)size, WOLFSSL_FILETYPE_ASN1);
	if (code != WOLFSSL_SUCCESS)
		return wolfssl_failed("take the certificate", code);
	int key_size = wc_EccKeyToDer(&state.key, private_key, sizeof private_key);
	if (key_size <= 0)
		return wolfssl_failed("encode the key", key_size);
	code = wolfSSL_CTX_use_PrivateKey_buffer(state.context, private_key, key_size, WOLFSSL_FILETYPE_ASN1);
	explicit_bzero(private_key, sizeof private_key);
	return code == WOLFSSL_SUCCESS ? STATUS_OK : wolfssl_failed("take the key", code);
}

static status make_session(uint8_t *room)
{
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		return wolfssl_failed("start", 0);
	state.context = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
	if (state.context == NULL)
		return report(STATUS_NO_MEMORY,
			      "no memory for a TLS connection: the manifest gives the heap too little");
	wolfSSL_CTX_set_verify(state.context, WOLFSSL_VERIFY_PEER, check_owner);
	wolfSSL_CTX_SetIORecv(state.context, receive_bytes);
	wolfSSL_CTX_SetIOSend(state.context, send_bytes);
	/* The one that takes the same time for all data here (enclave/crypto/build). */
	if (wolfSSL_CTX_set_cipher_list(state.context, "TLS13-CHACHA20-POLY1305-SHA256") != WOLFSSL_SUCCESS)
		return wolfssl_failed("choose a cipher", 0);
	TRY(use_certificate(room));
	state.ssl = wolfSSL_new(state.context);
	if (state.ssl == NULL)
		return report(STATUS_NO_MEMORY,
			      "no memory for a TLS connection: the manifest gives the heap too little");
	/* Or there is nothing to export from when the handshake is over. */
	wolfSSL_KeepArrays(state.ssl);
	if (wolfSSL_UseKeyShare(state.ssl, WOLFSSL_ECC_SECP256R1) != WOLFSSL_SUCCESS)
		return wolfssl_failed("choose a curve", 0);
	return STATUS_OK;
}

/* What a call that didn't succeed means; STATUS_TORN: it can be repeated. */
static status failure(int result, const char *what)
{
	const int code = wolfSSL_get_error(state.ssl, result);

	if (code == WOLFSSL_ERROR_WANT_READ || code == WOLFSSL_ERROR_WANT_WRITE)
		return STATUS_TORN;
	if (code == WOLFSSL_ERROR_ZERO_RETURN)
		return STATUS_GONE;
	return report(STATUS_IO, "the connection to the verifier failed when %s: wolfSSL's error %d", what, code);
}

static status shake_hands(void)
{
	for (uint32_t i = 0; i < state.patience; i++) {
		int result = wolfSSL_connect(state.ssl);

		if (result == WOLFSSL_SUCCESS)
			break;
		if (wolfSSL_get_error(state.ssl, result) == VERIFY_CERT_ERROR ||
		    wolfSSL_get_error(state.ssl, result) == ASN_NO_SIGNER_E)
			return report(STATUS_DENIED,
				      "what answers as the verifier doesn't hold the owner's key: is this the "
				      "right verifier, and the right owner?");
		status why = failure(result, "shaking hands");
		if (why == STATUS_GONE)
			return report(STATUS_IO, "the verifier hung up when shaking hands");
		if (why != STATUS_TORN)
			return why;
	}
	if (!wolfSSL_is_init_finished(state.ssl))
		return report(STATUS_IO, "the verifier didn't shake hands within %u s", state.patience);
	/* Whatever made wolfSSL content without asking us. */
	if (!state.has_owner)
		return report(STATUS_DENIED,
			      "what answers as the verifier has shown no certificate of the owner's key");
	return STATUS_OK;
}

static status send_all(struct span bytes)
{
	for (uint32_t waits = 0; bytes.size > 0;) {
		const int part = bytes.size < TRANSFER_SIZE_MAX ? (int)bytes.size : TRANSFER_SIZE_MAX;
		int result = wolfSSL_write(state.ssl, bytes.data, part);

		if (result > 0) {
			bytes.data += result;
			bytes.size -= (size_t)result;
			waits = 0;
			continue;
		}
		status why = failure(result, "sending");
		if (why == STATUS_GONE || (why == STATUS_TORN && ++waits > state.patience))
			return report(STATUS_IO, "the verifier takes nothing more");
		if (why != STATUS_TORN)
			return why;
	}
	return STATUS_OK;
}

static uint32_t looks_in(uint32_t patience_ms)
{
	return patience_ms > CALL_VERIFIER_WAIT_MS_MAX ? patience_ms / CALL_VERIFIER_WAIT_MS_MAX : 1;
}

status verifier_send(struct span bytes, uint32_t patience_ms)
{
	state.patience = looks_in(patience_ms);
	return send_all(bytes);
}

status verifier_receive(void *buffer, size_t size, size_t *ret_size)
{
	int result = wolfSSL_read(state.ssl, buffer, size < TRANSFER_SIZE_MAX ? (int)size : TRANSFER_SIZE_MAX);

	if (result <= 0)
		return failure(result, "receiving");
	*ret_size = (size_t)result;
	return STATUS_OK;
}

status verifier_receive_within(void *buffer, size_t size, uint32_t wait_ms, size_t *ret_size)
{
	look_ms = wait_ms;
	status result = verifier_receive(buffer, size, ret_size);
	look_ms = CALL_VERIFIER_WAIT_MS_MAX;
	return result;
}

status verifier_reconnect(void)
{
	return transfer_connect();
}

static status receive_all(void *buffer, size_t size)
{
	uint8_t *place = buffer;

	for (uint32_t waits = 0; size > 0;) {
		size_t count = 0;
		status result = verifier_receive(place, size, &count);

		if (result == STATUS_GONE || (result == STATUS_TORN && ++waits > state.patience))
			return report(STATUS_IO, "the verifier says nothing more");
		if (result == STATUS_TORN)
			continue;
		TRY(result);
		place += count;
		size -= count;
		waits = 0;
	}
	return STATUS_OK;
}

/* Why we were refused, fit for a terminal. */
static status report_refusal(uint32_t size)
{
	char sentence[EVIDENCE_SENTENCE_SIZE] = "";

	if (size >= sizeof sentence)
		return report(STATUS_MALFORMED, "what answers as the verifier is none");
	TRY(receive_all(sentence, size));
	for (size_t i = 0; i < size; i++)
		if ((uint8_t)sentence[i] < ' ' || sentence[i] == 0x7f)
			sentence[i] = '?';
	return report(STATUS_DENIED, "the verifier refused: %s", sentence);
}

/* The next frame's head: of that type, with a body of that size. */
static status receive_head(enum evidence_frame_type type, uint32_t size)
{
	struct agent_frame head;

	TRY(receive_all(&head, sizeof head));
	if (head.magic == AGENT_FRAME_MAGIC && head.type == EVIDENCE_REFUSED)
		return report_refusal(head.size);
	if (head.magic != AGENT_FRAME_MAGIC || head.type != type || head.reserved != 0 || head.size != size)
		return report(STATUS_MALFORMED, "what answers as the verifier is none");
	return STATUS_OK;
}

/* REPORTDATA: SHA-256(label ‖ exporter ‖ nonce), and what is bound besides. */
static status bind_connection(const uint8_t nonce[EVIDENCE_NONCE_SIZE], const uint8_t binding[EVIDENCE_BINDING_SIZE],
			      uint8_t data[SGX_REPORT_DATA_SIZE])
{
	uint8_t text[sizeof EVIDENCE_LABEL - 1 + EVIDENCE_EXPORTER_SIZE + EVIDENCE_NONCE_SIZE];
	uint8_t *exporter = text + sizeof EVIDENCE_LABEL - 1;

	memcpy(text, EVIDENCE_LABEL, sizeof EVIDENCE_LABEL - 1);
	if (wolfSSL_export_keying_material(state.ssl, exporter, EVIDENCE_EXPORTER_SIZE, EVIDENCE_EXPORTER_LABEL,
					   strlen(EVIDENCE_EXPORTER_LABEL), NULL, 0, 0) != WOLFSSL_SUCCESS)
		return wolfssl_failed("export from the connection", 0);
	memcpy(exporter + EVIDENCE_EXPORTER_SIZE, nonce, EVIDENCE_NONCE_SIZE);
	int code = wc_Sha256Hash(text, sizeof text, data);
	if (code != 0)
		return wolfssl_failed("hash", code);
	memcpy(data + EVIDENCE_HASH_SIZE, binding, EVIDENCE_BINDING_SIZE);
	return STATUS_OK;
}

enum {
	/* For a certificate, later for a quote in its frame. */
	ROOM_SIZE = (int)EVIDENCE_CERTIFICATE_SIZE_MAX > (int)sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX
			    ? (int)EVIDENCE_CERTIFICATE_SIZE_MAX
			    : (int)sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX,
};

static status show_connection(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint8_t *frame)
{
	struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = EVIDENCE_QUOTE};
	uint8_t data[SGX_REPORT_DATA_SIZE];
	struct evidence_nonce nonce;
	size_t size;

	TRY(receive_head(EVIDENCE_NONCE, sizeof nonce));
	TRY(receive_all(&nonce, sizeof nonce));
	TRY(bind_connection(nonce.nonce, binding, data));
	TRY(attest_quote(data, frame + sizeof head, &size));
	head.size = (uint32_t)size;
	memcpy(frame, &head, sizeof head);
	TRY(send_all((struct span){frame, sizeof head + size}));
	return receive_head(EVIDENCE_ACCEPTED, 0);
}

static status connect_verifier(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint8_t *room)
{
	TRY(make_session(room));
	TRY(shake_hands());
	return show_connection(binding, room);
}

status verifier_connect(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint32_t patience_ms)
{
	if (!runtime_has_verifier())
		return report(STATUS_MISSING, "there is no connection to a verifier: the host was started without one");
	/* Not a part of the image: each of its pages is added at every start, and most runs need none. */
	uint8_t *room = malloc(ROOM_SIZE);
	if (room == NULL)
		return report(STATUS_NO_MEMORY, "no memory for evidence: the manifest gives the heap too little");
	state.is_open = true;
	state.patience = looks_in(patience_ms);
	status result = connect_verifier(binding, room);
	free(room);
	if (result != STATUS_OK)
		verifier_disconnect();
	return result;
}

void verifier_disconnect(void)
{
	if (!state.is_open)
		return;
	if (state.ssl != NULL)
		wolfSSL_shutdown(state.ssl);
	wolfSSL_free(state.ssl);
	wolfSSL_CTX_free(state.context);
	if (state.has_key)
		wc_ecc_free(&state.key);
	if (state.has_random)
		wc_FreeRng(&state.random);
	explicit_bzero(&state, sizeof state);
}
