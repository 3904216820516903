/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the target by name, where the manifest says `target PATH…`: what stat() and
 * readlink() tell of them (guest/ask/file.h); nothing opens them. Only absolute names: a
 * relative one is of the program's own working directory, which is no place of the target's.
 * What is below /proc and /sys isn't here.
 */
#ifndef ENCLAVE_VFS_TARGET_FILE_H
#define ENCLAVE_VFS_TARGET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Does the manifest leave the answer about `path`, as the program said it, to the target? */
bool target_file_is_named(const char *path);

/* Results of system calls. -EIO, said and noted as a fault of the run: the target can't be
 * read, or its memory doesn't tell whether the file exists. */
long target_file_stat(const char *path, bool follow, struct stat *ret_stat);
long target_file_readlink(const char *path, char *buffer, size_t size);

#endif
