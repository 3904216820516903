/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published test vectors, and inputs that must be refused, for a table of primitives and for what
 * link/ makes of it. The same run judges each table as it is linked: OpenSSL and
 * ipsec-mb in a unit test, wolfCrypt and ipsec-mb inside an image.
 */
#ifndef LINK_VECTORS_H
#define LINK_VECTORS_H

#include <stdbool.h>

#include "link/primitives.h"

/* Hears of each vector: its name with its source, and whether it holds. */
typedef void (*link_vector_listener)(void *context, const char *name, bool holds);

/* Run all of them: a few dozen milliseconds. */
void link_vectors_run(const struct link_primitives *primitives, link_vector_listener listener, void *context);

#endif
