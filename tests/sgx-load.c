/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads IMAGE (signed: IMAGE.sig) as the backend sgx does, against the model of
 * driver and CPU (host/loader/fake-sgx.h), and prints the MRENCLAVE that the model
 * computed from the ioctls, the MRSIGNER, and how many pages came.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "host/image/sigstruct.h"
#include "host/loader/fake-sgx.h"
#include "host/loader/sgx-enclave.h"

static status read_file(const char *path, struct span *ret_file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *data;

	if (fd < 0 || fstat(fd, &stat) != 0)
		return report(STATUS_IO, "%s: %m", path);
	data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return report(STATUS_IO, "%s: %m", path);
	*ret_file = (struct span){data, (size_t)stat.st_size};
	return STATUS_OK;
}

static void print_hash(const char *name, const uint8_t hash[32])
{
	printf("%s ", name);
	for (size_t i = 0; i < 32; i++)
		printf("%02x", hash[i]);
	printf("\n");
}

static status load(const char *path)
{
	struct sgx_sigstruct sigstruct;
	struct sgx_enclave enclave;
	struct span file, signature;
	struct image *image;
	char name[4096];
	status result;

	snprintf(name, sizeof name, "%s.sig", path);
	TRY(read_file(path, &file));
	TRY(read_file(name, &signature));
	TRY(sigstruct_read(name, signature, &sigstruct));
	TRY(image_create(path, file, &image));
	fake_sgx_reset();
	result = sgx_enclave_init(&fake_sgx_kernel, image, &sigstruct, &enclave);
	if (result == STATUS_OK) {
		print_hash("mrenclave", fake_sgx.mrenclave);
		print_hash("mrsigner", fake_sgx.mrsigner);
		printf("pages %lu\n", fake_sgx.page_count);
		sgx_enclave_deinit(&enclave);
	} else {
		fprintf(stderr, "the model refused: %s\n", fake_sgx.refusal);
	}
	image_destroy(image);
	return result;
}

int main(int argument_count, char **arguments)
{
	if (argument_count != 2) {
		fprintf(stderr, "usage: sgx-load IMAGE\n");
		return 2;
	}
	return load(arguments[1]) == STATUS_OK ? 0 : 1;
}
