/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes: sockets of the target's have one, the name of their protocol. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "enclave/vfs/path.h"
#include "enclave/vfs/target.h"
#include "enclave/vfs/vfs.h"
#include "guest/ask/ask.h"

static bool is_descriptor(const struct place *place)
{
	static const char end[] = "/fd/[n]";
	size_t length;

	if (place->kind != PLACE_PROC)
		return false;
	length = strlen(place->entry.node->path);
	return length >= strlen(end) && strcmp(place->entry.node->path + length - strlen(end), end) == 0;
}

static long errno_of(status result, const char *path)
{
	if (result == STATUS_OK || result == STATUS_MISSING)
		return result == STATUS_OK ? 0 : -ENOENT;
	return target_refusal(result, path);
}

/* sockfs_xattr_get() (net/socket.c) */
static long put_name(const struct ask_socket_name *answer, void *value, size_t room)
{
	size_t size = strlen(answer->name) + 1;

	if (room == 0)
		return (long)size;
	if (size > room)
		return -ERANGE;
	memcpy(value, answer->name, size);
	return (long)size;
}

long vfs_getxattr(const char *path, const char *name, void *value, size_t room)
{
	struct ask_socket_name answer = {0};
	struct guest_kernel *kernel;
	struct place place;
	long result = vfs_resolve(path, &place);

	if (result < 0)
		return result;
	if (!is_descriptor(&place) || strcmp(name, "system.sockprotoname") != 0)
		return -ENOTSUP;
	status outcome = target_kernel(&kernel);
	if (outcome == STATUS_OK)
		outcome = ask_socket_name(kernel, &place.entry.subject, &answer);
	result = errno_of(outcome, path);
	if (result < 0)
		return result;
	return answer.is_socket ? put_name(&answer, value, room) : -ENOTSUP;
}
