/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attest-once SOCKET OWNER.pem CERTIFICATE [FINGERPRINT]: the verifier's end of one connection, for
 * tests/test_attest.py. Says who came, or why he was refused, keeps his certificate in DER, and sends back what he
 * says.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "verifier/attest/attest.h"
#include "verifier/grants/keys.h"

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (file < 0 || bind(file, (struct sockaddr *)&address, sizeof address) != 0 || listen(file, 1) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	puts("listening");
	fflush(stdout);
	return accept(file, NULL, NULL);
}

static void say(const char *name, const uint8_t *bytes, size_t size)
{
	char text[2 * SGX_HASH_SIZE + 1];

	key_to_hex(bytes, size, text);
	printf("%s %s\n", name, text);
}

static void say_enclave(const struct attest_enclave *enclave)
{
	say("mrenclave", enclave->mrenclave, sizeof enclave->mrenclave);
	say("mrsigner", enclave->mrsigner, sizeof enclave->mrsigner);
	say("sim_root", enclave->sim_root, sizeof enclave->sim_root);
	say("binding", enclave->binding, sizeof enclave->binding);
	printf("tcb %s\n", enclave->tcb);
	fflush(stdout);
}

static void keep_certificate(const SSL *ssl, const char *path)
{
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	FILE *file = fopen(path, "we");

	if (certificate != NULL && file != NULL)
		i2d_X509_fp(file, certificate);
	if (file != NULL)
		fclose(file);
	X509_free(certificate);
}

static int serve(SSL *ssl, const struct attest_terms *terms)
{
	struct attest_enclave enclave;
	struct attest_session *session;
	char text[256];

	if (attest_session_create(ssl, terms, &session) != STATUS_OK)
		return EXIT_FAILURE;
	status result = attest_session_step(session, time(NULL), &enclave);
	printf("%s %s\n", status_name(result), attest_session_sentence(session));
	if (result == STATUS_OK)
		say_enclave(&enclave);
	attest_session_destroy(session);
	if (result != STATUS_OK)
		return 3;
	int size = SSL_read(ssl, text, sizeof text);
	if (size > 0)
		SSL_write(ssl, text, size);
	SSL_shutdown(ssl);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static uint8_t roots[1][APPRAISAL_SIM_FINGERPRINT_SIZE];
	static struct policy policy;
	struct attest_terms terms = {.policy = &policy, .sim_roots = roots};
	struct owner_key *owner;
	SSL_CTX *context;

	if (argc < 4 || owner_key_load(argv[2], &owner) != STATUS_OK ||
	    attest_context_create(owner, &context) != STATUS_OK)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	policy_init(&policy);
	if (argc > 4 && key_from_hex(argv[4], roots[0], sizeof roots[0]) == STATUS_OK)
		terms.sim_root_count = 1;
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, listen_at(argv[1]));
	int code = serve(ssl, &terms);
	keep_certificate(ssl, argv[3]);
	SSL_free(ssl);
	SSL_CTX_free(context);
	owner_key_destroy(owner);
	return code;
}
