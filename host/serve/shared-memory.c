/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/shared-memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

enum {
	/* QEMU, docs/specs/ivshmem-spec.txt: Red Hat's vendor and the device's number. */
	IVSHMEM_VENDOR = 0x1af4,
	IVSHMEM_DEVICE = 0x1110,
	/* Between two looks: an eighth of the time waited so far, within these. */
	PAUSE_SHARE = 8,
	PAUSE_NS_MIN = 20 * 1000,
	PAUSE_NS_MAX = 2 * 1000 * 1000,
};

#define PCI_DEVICES "/sys/bus/pci/devices"

static const int64_t millisecond_ns = 1000000;

/* A number from a device's file: "0x1af4". 0: none. */
static unsigned long device_number(const char *address, const char *name)
{
	char path[256], text[32];

	snprintf(path, sizeof path, PCI_DEVICES "/%s/%s", address, name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : -1;

	if (file >= 0)
		close(file);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	return strtoul(text, NULL, 16);
}

static bool is_ivshmem(const char *address)
{
	return device_number(address, "vendor") == IVSHMEM_VENDOR && device_number(address, "device") == IVSHMEM_DEVICE;
}

/* The only one. */
static status find_device(char *ret_address, size_t size)
{
	DIR *directory = opendir(PCI_DEVICES);
	unsigned int count = 0;

	for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
	     entry = readdir(directory)) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= size || !is_ivshmem(entry->d_name))
			continue;
		snprintf(ret_address, size, "%s", entry->d_name);
		count++;
	}
	if (directory != NULL)
		closedir(directory);
	if (count == 0)
		return report(STATUS_MISSING, "this machine has no memory that is shared with an agent (QEMU's "
					      "ivshmem-plain)");
	if (count > 1)
		return report(STATUS_USAGE, "this machine has %u ivshmem devices: say which, as ivshmem:%s", count,
			      ret_address);
	return STATUS_OK;
}

/* Without a driver nobody has switched it on. */
static void enable(const char *address)
{
	char path[256];

	snprintf(path, sizeof path, PCI_DEVICES "/%s/enable", address);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return;
	(void)!write(file, "1", 1);
	close(file);
}

static status open_alone(const char *path, int *ret_file)
{
	int file = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) {
		*ret_file = file;
		return STATUS_OK;
	}
	int error = errno;
	if (file < 0)
		return report(error == ENOENT ? STATUS_MISSING : STATUS_DENIED, "can't open the shared memory %s: %s",
			      path, strerror(error));
	close(file);
	return error == EWOULDBLOCK
		       ? report(STATUS_DENIED, "the shared memory %s is in use: it carries one program at a time", path)
		       : report(STATUS_IO, "can't lock the shared memory %s: %s", path, strerror(error));
}

status shared_memory_open(const char *place, int *ret_file)
{
	char address[64], path[256];

	if (place[0] == '/')
		return open_alone(place, ret_file);
	if (strlen(place) >= sizeof address || strchr(place, '/') != NULL)
		return report(STATUS_USAGE, "\"%s\" is no PCI address", place);
	snprintf(address, sizeof address, "%s", place);
	if (place[0] == '\0')
		TRY(find_device(address, sizeof address));
	else if (!is_ivshmem(address))
		return report(STATUS_MISSING, "the PCI device %s isn't there, or is no ivshmem device", address);
	enable(address);
	snprintf(path, sizeof path, PCI_DEVICES "/%s/resource2", address);
	return open_alone(path, ret_file);
}

int64_t shared_memory_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

status shared_memory_init(struct shared_memory *memory, int file, const char *place)
{
	struct stat found;

	if (fstat(file, &found) != 0 || found.st_size < LINK_SHARED_SIZE)
		return report(STATUS_MALFORMED, "the shared memory \"%s\" is smaller than %d bytes", place,
			      LINK_SHARED_SIZE);
	void *shared = mmap(NULL, LINK_SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "can't map the shared memory \"%s\": %s", place, strerror(errno));
	*memory = (struct shared_memory){.shared = shared};
	return STATUS_OK;
}

void shared_memory_deinit(struct shared_memory *memory)
{
	if (memory->shared == NULL)
		return;
	__atomic_store_n(&memory->shared->connect, 0, __ATOMIC_SEQ_CST);
	munmap(memory->shared, LINK_SHARED_SIZE);
	memory->shared = NULL;
}

void shared_memory_pause(int64_t since_ns)
{
	int64_t ns = (shared_memory_now_ns() - since_ns) / PAUSE_SHARE;

	ns = ns < PAUSE_NS_MIN ? PAUSE_NS_MIN : ns > PAUSE_NS_MAX ? PAUSE_NS_MAX : ns;
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* Not secret, only new: never 0. */
static uint64_t draw(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		number = (uint64_t)shared_memory_now_ns();
	return number | 1;
}

status shared_memory_connect(struct shared_memory *memory, int timeout_ms, struct agent_hello *ret_hello)
{
	struct link_shared *shared = memory->shared;
	const int64_t start_ns = shared_memory_now_ns();

	memory->connect = draw();
	__atomic_store_n(&shared->connect, memory->connect, __ATOMIC_SEQ_CST);
	while (load(&shared->answered) != memory->connect) {
		if (shared_memory_now_ns() - start_ns >= timeout_ms * millisecond_ns)
			return STATUS_TORN;
		shared_memory_pause(start_ns);
	}
	memcpy(ret_hello, &shared->hello, sizeof *ret_hello);
	memory->alive = load(&shared->alive);
	memory->alive_since_ns = shared_memory_now_ns();
	return STATUS_OK;
}

bool shared_memory_is_gone(struct shared_memory *memory)
{
	const int64_t now_ns = shared_memory_now_ns();
	uint64_t alive = load(&memory->shared->alive);

	if (load(&memory->shared->answered) != memory->connect)
		return true;
	if (alive != memory->alive) {
		memory->alive = alive;
		memory->alive_since_ns = now_ns;
	}
	return now_ns - memory->alive_since_ns > LINK_SHARED_SILENT_MS * millisecond_ns;
}
