/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that programs open to ask about interfaces: SIOCGIF… (netdevice(7)). */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/runtime.h"
#include "enclave/vfs/inode.h"
#include "enclave/vfs/sockets.h"
#include "enclave/vfs/target.h"
#include "guest/ask/ask.h"

enum {
	IOCTL_INTERFACE_FIRST = 0x8910, /* SIOCGIFNAME… (uapi/linux/sockios.h) */
	IOCTL_INTERFACE_LAST = 0x89ff,
};

static long socket_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	return -ENOTCONN;
}

static long socket_write(struct file *file, const void *buffer, size_t size)
{
	return -ENOTCONN;
}

static long socket_seek(struct file *file, int64_t offset, int whence)
{
	return -ESPIPE;
}

/* Programs (fuser) make a socket to learn of which device the target's sockets are. */
long socket_stat(struct file *file, struct stat *ret_stat)
{
	struct ask_socket_device answer = {0};
	struct guest_kernel *kernel;
	status result = target_kernel(&kernel);

	if (result == STATUS_OK)
		result = ask_socket_device(kernel, &answer);
	if (result != STATUS_OK)
		return target_refusal(result, "the device that sockets are of");
	memset(ret_stat, 0, sizeof *ret_stat);
	ret_stat->st_dev = answer.device;
	ret_stat->st_mode = S_IFSOCK | 0777;
	ret_stat->st_nlink = 1;
	ret_stat->st_ino = inode_of_path("socket:");
	ret_stat->st_blksize = 4096;
	return 0;
}

static void put_address(struct sockaddr *destination, uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};

	memcpy(destination, &in, sizeof in);
}

static void put_map(const struct ask_interface *interface, struct ifreq *request)
{
	request->ifr_map = (struct ifmap){.mem_start = interface->map_start,
					  .mem_end = interface->map_end,
					  .base_addr = interface->map_base,
					  .irq = interface->map_irq,
					  .dma = interface->map_dma,
					  .port = interface->map_port};
}

static void put_hardware_address(const struct ask_interface *interface, struct ifreq *request)
{
	size_t size = interface->hardware_address_size;

	memset(&request->ifr_hwaddr, 0, sizeof request->ifr_hwaddr);
	request->ifr_hwaddr.sa_family = interface->type;
	if (size > sizeof request->ifr_hwaddr.sa_data)
		size = sizeof request->ifr_hwaddr.sa_data;
	memcpy(request->ifr_hwaddr.sa_data, interface->hardware_address, size);
}

static long answer_address(unsigned long number, const struct ask_interface *interface, struct ifreq *request)
{
	if (!interface->has_address)
		return -EADDRNOTAVAIL;
	switch (number) {
	case SIOCGIFADDR: put_address(&request->ifr_addr, interface->address); return 0;
	case SIOCGIFDSTADDR: put_address(&request->ifr_dstaddr, interface->peer); return 0;
	case SIOCGIFBRDADDR: put_address(&request->ifr_broadaddr, interface->broadcast); return 0;
	default: put_address(&request->ifr_netmask, interface->mask); return 0;
	}
}

static long answer(unsigned long number, const struct ask_interface *interface, struct ifreq *request)
{
	switch (number) {
	case SIOCGIFNAME: memcpy(request->ifr_name, interface->name, sizeof request->ifr_name); return 0;
	case SIOCGIFINDEX: request->ifr_ifindex = interface->index; return 0;
	/* A short: the kernel cuts the flags there too. */
	case SIOCGIFFLAGS: request->ifr_flags = (short)interface->flags; return 0;
	case SIOCGIFMETRIC: request->ifr_metric = 0; return 0;
	case SIOCGIFMTU: request->ifr_mtu = (int)interface->mtu; return 0;
	case SIOCGIFTXQLEN: request->ifr_qlen = (int)interface->queue_length; return 0;
	case SIOCGIFHWADDR: put_hardware_address(interface, request); return 0;
	case SIOCGIFMAP: put_map(interface, request); return 0;
	default: return answer_address(number, interface, request);
	}
}

/* One device's fact. */
static long ask_one(unsigned long number, struct ifreq *request)
{
	struct ask_interface interface = {0};
	struct guest_kernel *kernel;

	if (number == SIOCGIFNAME)
		interface.index = request->ifr_ifindex;
	else
		memcpy(interface.name, request->ifr_name, sizeof interface.name - 1);
	if (number == SIOCGIFNAME && interface.index == 0)
		return -ENODEV;
	status result = target_kernel(&kernel);
	if (result == STATUS_OK)
		result = ask_interface(kernel, &interface);
	if (result != STATUS_OK)
		return target_refusal(result, "an interface");
	return interface.is_found ? answer(number, &interface, request) : -ENODEV;
}

/* SIOCGIFCONF: without a buffer, how many bytes there would be. */
static long ask_all(struct ifconf *request)
{
	struct guest_kernel *kernel;
	struct proc_text entries;

	status result = target_kernel_to_read("SIOCGIFCONF", &kernel);
	if (result == STATUS_OK)
		result = ask_interface_list(kernel, &entries);
	if (result != STATUS_OK)
		return target_refusal(result, "the list of interfaces");
	size_t room = request->ifc_len < 0 ? 0 : (size_t)request->ifc_len / sizeof(struct ifreq) * sizeof(struct ifreq);
	size_t size = request->ifc_buf == NULL || room > entries.size ? entries.size : room;
	long outcome = 0;

	if (request->ifc_buf != NULL)
		memcpy(request->ifc_buf, entries.data, size);
	request->ifc_len = (int)size;
	if (entries.fault != NULL) {
		runtime_fault_note();
		(void)!report(STATUS_MALFORMED, "the list of interfaces isn't whole: %s", entries.fault);
		outcome = -EIO;
	}
	proc_text_deinit(&entries);
	return outcome;
}

/* Of uapi/linux/sockios.h: those that only ask. */
static bool is_question(unsigned long number)
{
	switch (number) {
	case SIOCGIFMEM:
	case SIOCGIFENCAP:
	case SIOCGIFSLAVE:
	case SIOCGIFPFLAGS:
	case SIOCGIFCOUNT:
	case SIOCGIFBR:
	case SIOCGIFVLAN:
	case SIOCGMIIPHY:
	case SIOCGMIIREG:
	case SIOCETHTOOL:
	case SIOCGHWTSTAMP:
	case SIOCBONDSLAVEINFOQUERY:
	case SIOCBONDINFOQUERY:
	case SIOCGARP:
	case SIOCGRARP: return true;
	default: return false;
	}
}

/* What would change the target's interfaces, or what isn't known here: a question without an answer makes the
 * program's outcome one that isn't whole. */
static long refuse(unsigned long number)
{
	static unsigned long said;

	if (number < IOCTL_INTERFACE_FIRST || number > IOCTL_INTERFACE_LAST)
		return -EINVAL;
	if (is_question(number))
		runtime_fault_note();
	if (said != number)
		(void)!report(STATUS_DENIED,
			      "the program asked for the ioctl %#lx on an interface, which isn't answered "
			      "about the target; it got %s",
			      number, strerror(EOPNOTSUPP));
	said = number;
	return -EOPNOTSUPP;
}

static long socket_ioctl(struct file *file, unsigned long number, void *argument)
{
	if (!runtime_has_source() && !runtime_has_link())
		return -EINVAL;
	switch (number) {
	case SIOCGIFCONF: return argument == NULL ? -EFAULT : ask_all(argument);
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCGIFTXQLEN:
	case SIOCGIFHWADDR:
	case SIOCGIFMAP:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK: return argument == NULL ? -EFAULT : ask_one(number, argument);
	default: return refuse(number);
	}
}

static const struct file_ops socket_ops = {
	.read = socket_read,
	.write = socket_write,
	.seek = socket_seek,
	.stat = socket_stat,
	.ioctl = socket_ioctl,
};

long inet_socket_open(int flags, struct file **ret_file)
{
	struct file *file = calloc(1, sizeof *file);
	long result;

	if (file == NULL)
		return -ENOMEM;
	result = file_init(file, &socket_ops, O_RDWR | flags, NULL);
	if (result < 0) {
		free(file);
		return result;
	}
	*ret_file = file;
	return 0;
}
