/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody between an enclave and its verifier, who ends TLS on both sides himself and hands on what the enclave shows
 * (tests/test_watch_verifier.py). The enclave is genuine; its host has started it for his key.
 *
 * usage: relay-evidence SOCKET VERIFIER OWNER.pem own|key
 *   own   he shows the enclave's evidence in a certificate of his own key
 *   key   he shows the enclave's own certificate: its program has given him the key (tests/inside/careless.c)
 *
 * Takes one connection, and says which frames he has handed on: "nonce", "quote", then what the verifier made of it.
 */
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "verifier/attest/attest.h"
#include "verifier/grants/keys.h"
#include "wire/agent.h"

enum { KEY_SIZE_MAX = 256 };

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

static int accept_at(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 1) != 0)
		fail(path);
	puts("listening");
	int file = accept(listener, NULL, NULL);
	/* An enclave that is refused comes once. */
	close(listener);
	return file;
}

static int connect_to(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (file < 0 || connect(file, (const struct sockaddr *)&address, sizeof address) != 0)
		fail(path);
	return file;
}

/* What the careless program sends before anything else. */
static EVP_PKEY *leaked_key(int file)
{
	uint8_t size[2], der[KEY_SIZE_MAX];
	const unsigned char *place = der;

	if (recv(file, size, sizeof size, MSG_WAITALL) != sizeof size || size[1] != 0 ||
	    recv(file, der, size[0], MSG_WAITALL) != size[0])
		fail("no key");
	return d2i_AutoPrivateKey(NULL, &place, size[0]);
}

static SSL *meet_enclave(const char *owner_path, int file)
{
	struct owner_key *owner;
	SSL_CTX *context;

	if (owner_key_load(owner_path, &owner) != STATUS_OK || attest_context_create(owner, &context) != STATUS_OK)
		exit(EXIT_FAILURE);
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, file);
	if (SSL_accept(ssl) != 1)
		fail("the enclave shakes no hands");
	return ssl;
}

/* The same evidence, about the enclave's key, in a certificate of another one. */
static X509 *certificate_of_his_own(const X509 *genuine, EVP_PKEY *key)
{
	X509 *certificate = X509_dup(genuine);

	if (certificate == NULL || X509_set_pubkey(certificate, key) != 1 ||
	    X509_sign(certificate, key, EVP_sha256()) <= 0)
		fail("no certificate");
	return certificate;
}

static SSL *meet_verifier(const char *path, X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL || SSL_CTX_use_certificate(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		fail("the key doesn't belong to the certificate");
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, connect_to(path));
	if (SSL_connect(ssl) != 1)
		fail("the verifier shakes no hands");
	return ssl;
}

static bool read_all(SSL *ssl, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		int got = SSL_read(ssl, bytes + done, (int)(size - done));

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* One frame from the one to the other; its type, 0: there comes none. */
static unsigned hand_on(SSL *from, SSL *to)
{
	static uint8_t frame[sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX + 1];
	struct agent_frame head;

	if (!read_all(from, frame, sizeof head))
		return 0;
	memcpy(&head, frame, sizeof head);
	if (head.size > EVIDENCE_QUOTE_SIZE_MAX || !read_all(from, frame + sizeof head, head.size))
		return 0;
	frame[sizeof head + head.size] = '\0';
	if (head.type == EVIDENCE_REFUSED)
		printf("refused: %s\n", (const char *)frame + sizeof head);
	else
		puts(head.type == EVIDENCE_NONCE      ? "nonce"
		     : head.type == EVIDENCE_QUOTE    ? "quote"
		     : head.type == EVIDENCE_ACCEPTED ? "accepted"
						      : "something else");
	SSL_write(to, frame, (int)(sizeof head + head.size));
	return head.type;
}

int main(int argc, char **argv)
{
	const bool has_key = argc == 5 && strcmp(argv[4], "key") == 0;

	if (argc != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	setlinebuf(stdout);
	int file = accept_at(argv[1]);
	EVP_PKEY *key = has_key ? leaked_key(file) : EVP_EC_gen("P-256");
	SSL *enclave = meet_enclave(argv[3], file);
	X509 *certificate = SSL_get1_peer_certificate(enclave);
	SSL *verifier = meet_verifier(argv[2], has_key ? certificate : certificate_of_his_own(certificate, key), key);
	if (hand_on(verifier, enclave) == EVIDENCE_NONCE && hand_on(enclave, verifier) == EVIDENCE_QUOTE)
		hand_on(verifier, enclave);
	SSL_shutdown(enclave);
	SSL_shutdown(verifier);
	return EXIT_SUCCESS;
}
