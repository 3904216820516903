/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/boot.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "lab/scope.h"

enum {
	COMMAND_LINE_SIZE = 4096, /* COMMAND_LINE_SIZE of x86 is 2048 */
	/* 30 s: probing is asynchronous, TCG slow. */
	DEVICE_ATTEMPTS = 3000,
	PORT_NAME_SIZE = 128,
	DEVICE_PAUSE_NS = 10 * 1000 * 1000,
};

struct mount_point {
	const char *path;
	const char *type;
	const char *options;
};

/* A fault that the guest can live with: said on the console, then forgotten. */
static void complain(const char *what, const char *which)
{
	status ignored = report(STATUS_IO, "%s %s: %s", what, which, strerror(errno));

	(void)ignored;
}

static void mount_all(void)
{
	static const struct mount_point points[] = {
		{"/proc", "proc", ""},
		{"/sys", "sysfs", ""},
		{"/dev", "devtmpfs", ""},
		{"/dev/pts", "devpts", "mode=0620"},
		{"/dev/shm", "tmpfs", "mode=1777"},
		{"/tmp", "tmpfs", "mode=1777"},
		{"/run", "tmpfs", "mode=0755"},
		{"/sys/fs/pstore", "pstore", ""},
	};

	for (size_t i = 0; i < ARRAY_COUNT(points); i++) {
		if (mkdir(points[i].path, 0755) != 0 && errno != EEXIST)
			complain("mkdir", points[i].path);
		if (mount(points[i].type, points[i].path, points[i].type, 0, points[i].options) != 0 && errno != EBUSY)
			complain("mount", points[i].path);
	}
}

static void load_module(const char *file)
{
	SCOPED_FD int fd = -1;
	char path[256];

	snprintf(path, sizeof path, "/lib/modules/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
		complain("module", path);
}

/* The file lists modules so that each stands behind those that it needs. */
static void load_modules(void)
{
	SCOPED_FILE FILE *order = fopen("/lib/modules/order", "re");
	char line[128];

	if (order == NULL)
		return;
	while (fgets(line, sizeof line, order) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		load_module(line);
	}
}

/* The kernel's command line; "" where it can't be read. */
static void read_command_line(char line[static COMMAND_LINE_SIZE])
{
	SCOPED_FILE FILE *stream = fopen("/proc/cmdline", "re");

	if (stream == NULL || fgets(line, COMMAND_LINE_SIZE, stream) == NULL)
		line[0] = '\0';
}

static void set_host_name(const char *line)
{
	static const char key[] = "bartizan.name=";
	char name[BOOT_NAME_SIZE_MAX + 1];
	const char *found = strstr(line, key);

	if (found == NULL || sscanf(found + sizeof key - 1, "%64[A-Za-z0-9._-]", name) != 1)
		return;
	if (sethostname(name, strlen(name)) != 0)
		complain("host name", name);
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	SCOPED_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		complain("interface", "lo");
}

static void set_address(int fd, const char *name, unsigned long ioctl_number, const char *address)
{
	struct sockaddr_in value = {.sin_family = AF_INET};
	struct ifreq request = {};

	inet_pton(AF_INET, address, &value.sin_addr);
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	memcpy(&request.ifr_addr, &value, sizeof value);
	if (ioctl(fd, ioctl_number, &request) != 0)
		complain("address", name);
}

/* The network card, where the lab gave one: the address that QEMU's network
 * has for its guest. */
static void raise_nic(const char *line)
{
	const struct timespec pause = {.tv_nsec = DEVICE_PAUSE_NS};
	struct ifreq request = {.ifr_name = "eth0"};
	SCOPED_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strstr(line, "bartizan.nic") == NULL)
		return;
	for (int i = 0; ioctl(fd, SIOCGIFFLAGS, &request) != 0 && i < DEVICE_ATTEMPTS; i++)
		nanosleep(&pause, NULL);
	set_address(fd, "eth0", SIOCSIFADDR, "10.0.2.15");
	set_address(fd, "eth0", SIOCSIFNETMASK, "255.255.255.0");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		complain("interface", "eth0");
}

/* The name that the lab gave a port; "" for none. */
static void read_port_name(const char *port, char name[static PORT_NAME_SIZE])
{
	SCOPED_FILE FILE *stream = NULL;
	char path[512];

	name[0] = '\0';
	snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", port);
	stream = fopen(path, "re");
	if (stream == NULL || fgets(name, PORT_NAME_SIZE, stream) == NULL)
		return;
	name[strcspn(name, "\n")] = '\0';
}

/* How many ports have a link now. */
static unsigned int link_present_ports(void)
{
	DIR *directory = opendir("/sys/class/virtio-ports");
	const struct dirent *entry;
	unsigned int count = 0;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		char name[PORT_NAME_SIZE], link[512], device[512];

		read_port_name(entry->d_name, name);
		if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, "bartizan.exec") == 0)
			continue;
		snprintf(link, sizeof link, "/dev/virtio-ports/%s", name);
		snprintf(device, sizeof device, "../%s", entry->d_name);
		count += symlink(device, link) == 0 || errno == EEXIST;
	}
	if (directory != NULL)
		closedir(directory);
	return count;
}

/* Links as udev makes them: /dev/virtio-ports/NAME. Ports may come after us, so
 * the lab says how many there are. */
static void link_ports(unsigned int port_count)
{
	const struct timespec pause = {.tv_nsec = DEVICE_PAUSE_NS};
	unsigned int linked = 0;

	mkdir("/dev/virtio-ports", 0755);
	for (int i = 0; i < DEVICE_ATTEMPTS && linked < port_count; i++) {
		linked = link_present_ports();
		if (linked < port_count)
			nanosleep(&pause, NULL);
	}
	if (linked < port_count)
		complain("port", "of the lab");
}

/* One digit: the lab gives at most LAB_CHANNEL_COUNT_MAX. */
static unsigned int read_channel_count(const char *line)
{
	static const char key[] = "bartizan.channels=";
	const char *found = strstr(line, key);

	if (found == NULL || found[sizeof key - 1] < '0' || found[sizeof key - 1] > '9')
		return 0;
	return (unsigned int)(found[sizeof key - 1] - '0');
}

status boot_system(void)
{
	char line[COMMAND_LINE_SIZE];

	mount_all();
	load_modules();
	read_command_line(line);
	set_host_name(line);
	raise_loopback();
	raise_nic(line);
	link_ports(read_channel_count(line));
	return STATUS_OK;
}

/* Which /dev/vport… has this name? Sysfs says; there is no udev here. */
static status find_port(const char *name, char *ret_path, size_t path_size)
{
	DIR *directory = opendir("/sys/class/virtio-ports");
	status found = STATUS_MISSING;
	const struct dirent *entry;

	if (directory == NULL)
		return STATUS_MISSING;
	while (found != STATUS_OK && (entry = readdir(directory)) != NULL) {
		char line[PORT_NAME_SIZE];

		read_port_name(entry->d_name, line);
		if (strcmp(line, name) == 0) {
			snprintf(ret_path, path_size, "/dev/%s", entry->d_name);
			found = STATUS_OK;
		}
	}
	closedir(directory);
	return found;
}

status boot_open_port(const char *name, int *ret_fd)
{
	const struct timespec pause = {.tv_nsec = DEVICE_PAUSE_NS};
	char path[512];
	int fd;

	for (int i = 0; find_port(name, path, sizeof path) != STATUS_OK; i++) {
		if (i == DEVICE_ATTEMPTS)
			return report(STATUS_MISSING, "no virtio port \"%s\": no virtio console in this kernel?", name);
		nanosleep(&pause, NULL);
	}
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return report(STATUS_IO, "open %s: %s", path, strerror(errno));
	*ret_fd = fd;
	return STATUS_OK;
}
