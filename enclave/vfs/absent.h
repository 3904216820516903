/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the target's /proc has and ours lacks: a program takes "no such file" for
 * an answer about the target, so it must be told when it isn't one. */
#ifndef ENCLAVE_VFS_ABSENT_H
#define ENCLAVE_VFS_ABSENT_H

/* A program named `directory` (absolute, normalised, no node) and `below` it
 * ("" or what follows its name, slash first). Where the target has that, say so
 * once per path (of processes: once for all) and note a fault of the run. */
void absent_path_named(const char *directory, const char *below);

#endif
