/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Give standard input to a file of efivarfs at once, as a UEFI variable is written: write-variable PATH.
 * `write-variable -r PATH` removes it. Files there are immutable until somebody who may says otherwise
 * (fs/efivarfs/inode.c, Linux 5.10 to 7.2): root here. Exit status: 0 done, else what errno says.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void make_mutable(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), flags;

	if (file < 0)
		return;
	if (ioctl(file, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL) != 0) {
		flags &= ~FS_IMMUTABLE_FL;
		ioctl(file, FS_IOC_SETFLAGS, &flags);
	}
	close(file);
}

int main(int argc, char **argv)
{
	static char bytes[1 << 16];
	const int removes = argc == 3 && strcmp(argv[1], "-r") == 0;
	const char *path = argv[argc - 1];

	if (argc != 2 + removes)
		return EINVAL;
	make_mutable(path);
	if (removes)
		return unlink(path) == 0 ? 0 : errno;
	size_t size = fread(bytes, 1, sizeof bytes, stdin);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file >= 0 && write(file, bytes, size) == (ssize_t)size ? 0 : errno;
}
