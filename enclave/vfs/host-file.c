/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the host: what they hold is the host's word. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "enclave/runtime/host.h"
#include "enclave/runtime/output.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/target.h"

struct host_file {
	struct file file;
	int host_fd;
	bool stream; /* 0, 1, 2: the host's own, never closed by us */
};

static struct host_file *host_file_of(struct file *file)
{
	return (struct host_file *)file;
}

static long host_file_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	if (host_file_of(file)->stream)
		target_epoch_end(); /* somebody may take their time to write there */
	return runtime_host_read(host_file_of(file)->host_fd, buffer, size, offset);
}

static long host_file_write(struct file *file, const void *buffer, size_t size)
{
	struct host_file *host = host_file_of(file);

	if (!host->stream || host->host_fd == 0)
		return -EBADF;
	return output_write(host->host_fd == 1 ? OUTPUT_PROGRAM : OUTPUT_ERROR, buffer, size);
}

static long host_file_seek(struct file *file, int64_t offset, int whence)
{
	return runtime_host_seek(host_file_of(file)->host_fd, offset, whence);
}

static long host_file_stat(struct file *file, struct stat *ret_stat)
{
	return runtime_host_fstat(host_file_of(file)->host_fd, ret_stat);
}

static long host_file_list(struct file *file, void *buffer, size_t size)
{
	return runtime_host_getdents(host_file_of(file)->host_fd, buffer, size);
}

enum {
	/* struct termios of the kernel (asm-generic/termbits.h), not libc's. */
	KERNEL_TERMIOS_SIZE = 36,
};

static long host_file_ioctl(struct file *file, unsigned long request, void *argument)
{
	switch (request) {
	case TIOCGWINSZ:
		return runtime_host_ioctl(host_file_of(file)->host_fd, request, argument, sizeof(struct winsize));
	case TCGETS: return runtime_host_ioctl(host_file_of(file)->host_fd, request, argument, KERNEL_TERMIOS_SIZE);
	default: return -ENOTTY;
	}
}

static long host_file_map(struct file *file, void *memory, size_t size, int64_t offset)
{
	/* Each round moves forward or ends; a short file leaves zeros. */
	for (size_t done = 0; done < size;) {
		long result = runtime_host_read(host_file_of(file)->host_fd, (uint8_t *)memory + done, size - done,
						offset + (int64_t)done);

		if (result < 0)
			return result == -EISDIR || result == -ESPIPE ? -ENODEV : result;
		if (result == 0)
			break;
		done += (size_t)result;
	}
	return 0;
}

static void host_file_close(struct file *file)
{
	struct host_file *host = host_file_of(file);

	if (!host->stream)
		(void)runtime_host_close(host->host_fd);
}

static const struct file_ops host_file_ops = {
	.read = host_file_read,
	.write = host_file_write,
	.seek = host_file_seek,
	.stat = host_file_stat,
	.list = host_file_list,
	.ioctl = host_file_ioctl,
	.map = host_file_map,
	.close = host_file_close,
};

static long host_file_create(int host_fd, bool stream, int flags, const char *path, struct file **ret_file)
{
	struct host_file *host = calloc(1, sizeof *host);
	long result;

	if (host == NULL)
		return -ENOMEM;
	result = file_init(&host->file, &host_file_ops, flags, path);
	if (result < 0) {
		free(host);
		return result;
	}
	host->host_fd = host_fd;
	host->stream = stream;
	*ret_file = &host->file;
	return 0;
}

long host_file_open(const struct place *place, int flags, struct file **ret_file)
{
	long host_fd, result;

	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		return -EROFS;
	host_fd = runtime_host_open(place->path, flags | (place->must_be_directory ? O_DIRECTORY : 0));
	if (host_fd < 0)
		return host_fd;
	result = host_file_create((int)host_fd, false, flags, place->path, ret_file);
	if (result < 0)
		(void)runtime_host_close((int)host_fd);
	return result;
}

long host_stream_open(int host_fd, int flags, struct file **ret_file)
{
	return host_file_create(host_fd, true, flags, NULL, ret_file);
}

int host_stream_number(struct file *file)
{
	return file->ops == &host_file_ops && host_file_of(file)->stream ? host_file_of(file)->host_fd : -1;
}
