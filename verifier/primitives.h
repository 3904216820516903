/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of link/primitives.h one needs to sign and check grants, from OpenSSL. */
#ifndef VERIFIER_PRIMITIVES_H
#define VERIFIER_PRIMITIVES_H

#include "link/primitives.h"

/* sha256, p256_verify and random; all else is NULL: nobody here speaks over a link. */
const struct link_primitives *verifier_primitives(void);

#endif
