/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated enclave that shows a verifier its evidence, then passes bytes between its standard input (a
 * socket) and that connection (tests/test_verifier_attested.py).
 *
 * usage: attested-enclave SOCKET MRENCLAVE-BYTE [BINDING [DIRECTORY [NAME]]]
 * The fake root is 32 bytes 0x5e; `attested-enclave fingerprint` prints its fingerprint. With DIRECTORY its quotes are
 * of a made-up platform instead (tests/platform-files.h), whose collateral it writes there first: into `good`, and,
 * with one thing wrong, into directories of that name; then it waits for SOCKET.
 */
#include <limits.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/test.h"
#include "platform-files.h"
#include "verifier/attest/fake-enclave.h"
#include "wire/agent.h"

enum { WAIT_US = 20000, WAIT_COUNT = 3000 };

static struct sim_root root;
static struct fake_platform platform; /* its `cast` NULL: of the backend sim */
static const char *spoilt;
static uint8_t binding[EVIDENCE_BINDING_SIZE];

static int print_fingerprint(void)
{
	uint8_t fingerprint[SIM_FINGERPRINT_SIZE];
	struct sim_platform fake;

	if (sim_platform_init(&fake, &root) != STATUS_OK || sim_platform_fingerprint(&fake, fingerprint) != STATUS_OK)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof fingerprint; i++)
		printf("%02x", fingerprint[i]);
	putchar('\n');
	sim_platform_deinit(&fake);
	return EXIT_SUCCESS;
}

static void write_collateral(const char *directory, const char *name)
{
	struct fake_wishes wishes = platform_files_today();
	char path[PATH_MAX];

	if (name != NULL)
		platform_files_spoil(&wishes, name);
	snprintf(path, sizeof path, "%s/%s", directory, name != NULL ? name : "good");
	if (mkdir(path, 0700) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fake_platform_again(&platform, &wishes);
	platform_files_write(&platform, path);
}

static void become_platform(const char *directory, const char *socket)
{
	struct fake_wishes wishes = platform_files_today();
	char path[PATH_MAX];

	fake_platform_init(&platform, &wishes);
	write_collateral(directory, NULL);
	for (size_t i = 0; i < PLATFORM_FILES_WISH_COUNT; i++)
		write_collateral(directory, platform_files_names[i]);
	snprintf(path, sizeof path, "%s/ready", directory);
	FILE *ready = fopen(path, "we");
	assert_non_null(ready);
	fclose(ready);
	for (int i = 0; access(socket, F_OK) != 0 && i < WAIT_COUNT; i++)
		usleep(WAIT_US);
}

static size_t make_quote(const struct sgx_secs *secs, const uint8_t data[SGX_REPORT_DATA_SIZE],
			 uint8_t quote[SIM_QUOTE_SIZE_MAX])
{
	struct fake_wishes wishes = platform_files_today();

	if (platform.cast == NULL)
		return fake_quote(&root, secs, data, quote);
	wishes.mrenclave_byte = secs->mrenclave[0];
	wishes.report_data = data;
	if (spoilt != NULL)
		platform_files_spoil(&wishes, spoilt);
	fake_platform_again(&platform, &wishes);
	assert_true(platform.quote_size <= SIM_QUOTE_SIZE_MAX);
	memcpy(quote, platform.quote, platform.quote_size);
	return platform.quote_size;
}

static void read_all(SSL *ssl, void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		int got = SSL_read(ssl, (uint8_t *)bytes + done, (int)(size - done));

		if (got <= 0)
			exit(3); /* refused: the verifier's words were passed on, or there are none */
		done += (size_t)got;
	}
}

/* The certificate, about its own key. */
static SSL *start(const struct sgx_secs *secs, int file)
{
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0}, hash[32], claims[64], quote[SIM_QUOTE_SIZE_MAX],
		cbor[FAKE_CBOR_SIZE_MAX];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");

	fake_key_hash(key, hash);
	size_t claims_size = fake_claims(claims, hash);
	EVP_Digest(claims, claims_size, data, NULL, EVP_sha256(), NULL);
	size_t quote_size = make_quote(secs, data, quote);
	size_t size = fake_evidence(cbor, (struct span){quote, quote_size}, (struct span){claims, claims_size});
	X509 *certificate = fake_certificate(key, key, cbor, size, 1);
	SSL_CTX_use_certificate(context, certificate);
	SSL_CTX_use_PrivateKey(context, key);
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, file);
	if (SSL_connect(ssl) != 1)
		exit(EXIT_FAILURE);
	return ssl;
}

/* The second quote, over this connection. */
static void answer(const struct sgx_secs *secs, SSL *ssl)
{
	uint8_t text[sizeof EVIDENCE_LABEL - 1 + EVIDENCE_EXPORTER_SIZE + EVIDENCE_NONCE_SIZE];
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0}, frame[sizeof(struct agent_frame) + SIM_QUOTE_SIZE_MAX];
	uint8_t *exporter = text + sizeof EVIDENCE_LABEL - 1;
	struct agent_frame head;

	read_all(ssl, &head, sizeof head);
	if (head.type != EVIDENCE_NONCE)
		exit(3);
	memcpy(text, EVIDENCE_LABEL, sizeof EVIDENCE_LABEL - 1);
	SSL_export_keying_material(ssl, exporter, EVIDENCE_EXPORTER_SIZE, EVIDENCE_EXPORTER_LABEL,
				   strlen(EVIDENCE_EXPORTER_LABEL), NULL, 0, 0);
	read_all(ssl, exporter + EVIDENCE_EXPORTER_SIZE, EVIDENCE_NONCE_SIZE);
	EVP_Digest(text, sizeof text, data, NULL, EVP_sha256(), NULL);
	memcpy(data + EVIDENCE_HASH_SIZE, binding, sizeof binding);
	size_t size = make_quote(secs, data, frame + sizeof head);
	head = (struct agent_frame){.magic = AGENT_FRAME_MAGIC, .type = EVIDENCE_QUOTE, .size = (uint32_t)size};
	memcpy(frame, &head, sizeof head);
	if (SSL_write(ssl, frame, (int)(sizeof head + size)) <= 0)
		exit(EXIT_FAILURE);
	read_all(ssl, &head, sizeof head);
	if (head.type != EVIDENCE_ACCEPTED)
		exit(3);
}

static void relay(SSL *ssl, int file)
{
	uint8_t bytes[65536];

	for (;;) {
		struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {file, POLLIN, 0}};
		ssize_t size;

		if (SSL_pending(ssl) == 0 && poll(files, 2, -1) < 0)
			return;
		if (SSL_pending(ssl) > 0 || files[1].revents != 0) {
			size = SSL_read(ssl, bytes, sizeof bytes);
			if (size <= 0 || write(STDIN_FILENO, bytes, (size_t)size) != size)
				return;
			continue;
		}
		size = read(STDIN_FILENO, bytes, sizeof bytes);
		if (size <= 0 || SSL_write(ssl, bytes, (int)size) != size)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sgx_secs secs = {
		.attributes = {SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT, 3}, .isv_prod_id = 7, .isv_svn = 3};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(root.secret, 0x5e, sizeof root.secret);
	if (argc == 2 && strcmp(argv[1], "fingerprint") == 0)
		return print_fingerprint();
	if (argc < 3 || argc > 6)
		return 2;
	for (size_t i = 0; argc >= 4 && i < sizeof binding; i++) {
		const char digits[] = {argv[3][2 * i], argv[3][2 * i + 1], '\0'};

		binding[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	memset(secs.mrenclave, (int)strtoul(argv[2], NULL, 16), sizeof secs.mrenclave);
	memset(secs.mrsigner, 0x22, sizeof secs.mrsigner);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
	spoilt = argc == 6 ? argv[5] : NULL;
	if (argc >= 5)
		become_platform(argv[4], argv[1]);
	if (file < 0 || connect(file, (const struct sockaddr *)&address, sizeof address) != 0)
		return EXIT_FAILURE;
	SSL *ssl = start(&secs, file);
	answer(&secs, ssl);
	relay(ssl, file);
	return EXIT_SUCCESS;
}
