/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pointers among a system call's arguments: checked in one place, before any
 * handler sees them. */
#ifndef ENCLAVE_SYSCALLS_POINTERS_H
#define ENCLAVE_SYSCALLS_POINTERS_H

/* 0 if every pointer that the call will use lies, with all that is read or
 * written there, in the image's own memory (writable where it is written to; what
 * an enclave must never do is to write elsewhere for its program). -EFAULT if
 * not; -EBADF where Linux looks at the descriptor first; -ENAMETOOLONG for a path
 * of more than PATH_MAX bytes. */
long pointers_check(long number, const long *arguments);

#endif
