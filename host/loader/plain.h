/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend `plain`: an image runs in this very process, with no enclave around
 * it. Nothing is measured, nothing is protected from anybody; it is what the
 * other backends are measured against. A crash inside is said, and is then this
 * process's own.
 */
#ifndef HOST_LOADER_PLAIN_H
#define HOST_LOADER_PLAIN_H

#include "host/loader/backend.h"

extern const struct backend plain_backend;

#endif
