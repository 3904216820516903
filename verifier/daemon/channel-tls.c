/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/channel-tls.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/report.h"

enum { PIECE_SIZE = 16 << 10 /* a TLS record's content, at most */ };

struct channel_tls {
	const struct gate *gate;
	SSL *ssl; /* has both BIOs */
	BIO *input, *output;
	struct attest_session *session;
	struct attest_enclave enclave;
	bool is_accepted;
};

status channel_tls_create(const struct gate *gate, struct channel_tls **ret_channel)
{
	struct channel_tls *channel = calloc(1, sizeof *channel);
	BIO *input = BIO_new(BIO_s_mem()), *output = BIO_new(BIO_s_mem());
	SSL *ssl = SSL_new(gate->context);

	if (channel == NULL || input == NULL || output == NULL || ssl == NULL) {
		free(channel);
		BIO_free(input);
		BIO_free(output);
		SSL_free(ssl);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	*channel = (struct channel_tls){.gate = gate, .ssl = ssl, .input = input, .output = output};
	/* Empty isn't the end: more may come. */
	BIO_set_mem_eof_return(input, -1);
	BIO_set_mem_eof_return(output, -1);
	SSL_set_bio(ssl, input, output);
	status result = attest_session_create(ssl, &gate->terms, &channel->session);
	if (result != STATUS_OK) {
		channel_tls_destroy(channel);
		return result;
	}
	*ret_channel = channel;
	return STATUS_OK;
}

void channel_tls_destroy(struct channel_tls *channel)
{
	if (channel == NULL)
		return;
	attest_session_destroy(channel->session);
	SSL_free(channel->ssl);
	free(channel);
}

static status move_in(struct channel_tls *channel, struct evbuffer *input)
{
	uint8_t piece[PIECE_SIZE];
	int size;

	while ((size = evbuffer_remove(input, piece, sizeof piece)) > 0)
		if (BIO_write(channel->input, piece, size) != size)
			return report(STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static void move_out(struct channel_tls *channel, struct evbuffer *output)
{
	uint8_t piece[PIECE_SIZE];
	int size;

	while ((size = BIO_read(channel->output, piece, sizeof piece)) > 0)
		evbuffer_add(output, piece, (size_t)size);
}

/* All that can be opened now. */
static status open_records(struct channel_tls *channel, struct evbuffer *clear)
{
	uint8_t piece[PIECE_SIZE];
	int size;

	/* OpenSSL's queue may hold what another connection's failure left. */
	ERR_clear_error();
	while ((size = SSL_read(channel->ssl, piece, sizeof piece)) > 0)
		evbuffer_add(clear, piece, (size_t)size);
	int error = SSL_get_error(channel->ssl, size);
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ)
		return STATUS_OK;
	return error == SSL_ERROR_ZERO_RETURN ? STATUS_GONE : STATUS_MALFORMED;
}

static status show_evidence(struct channel_tls *channel)
{
	status result = attest_session_step(channel->session, time(NULL), &channel->enclave);

	channel->is_accepted = result == STATUS_OK;
	return result;
}

status channel_tls_take(struct channel_tls *channel, struct evbuffer *input, struct evbuffer *clear,
			struct evbuffer *output)
{
	status result = move_in(channel, input);

	if (result == STATUS_OK && !channel->is_accepted)
		result = show_evidence(channel);
	if (result == STATUS_OK)
		result = open_records(channel, clear);
	move_out(channel, output);
	return result == STATUS_TORN ? STATUS_OK : result;
}

status channel_tls_send(struct channel_tls *channel, struct span bytes, struct evbuffer *output)
{
	size_t sent = 0;

	ERR_clear_error();
	while (sent < bytes.size) {
		int size = SSL_write(channel->ssl, bytes.data + sent, (int)(bytes.size - sent));

		if (size <= 0) {
			ERR_clear_error();
			return STATUS_INTERNAL;
		}
		sent += (size_t)size;
	}
	move_out(channel, output);
	return STATUS_OK;
}

status channel_tls_judge(const struct channel_tls *channel, const struct policy *policy, char *ret_sentence,
			 size_t sentence_size)
{
	return attest_session_judge(channel->session, policy, time(NULL), ret_sentence, sentence_size);
}

const char *channel_tls_sentence(const struct channel_tls *channel)
{
	return attest_session_sentence(channel->session);
}

const struct attest_enclave *channel_tls_enclave(const struct channel_tls *channel)
{
	return channel->is_accepted ? &channel->enclave : NULL;
}

const struct gate *channel_tls_gate(const struct channel_tls *channel)
{
	return channel->gate;
}

void channel_tls_gate_set(struct channel_tls *channel, const struct gate *gate)
{
	channel->gate = gate;
	attest_session_terms_set(channel->session, &gate->terms);
}
