/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of link/primitives.h one needs to sign, check and take back grants, from OpenSSL. */
#ifndef VERIFIER_GRANTS_PRIMITIVES_H
#define VERIFIER_GRANTS_PRIMITIVES_H

#include "link/primitives.h"

/* Hashes, keys, p256_verify and random; all else is NULL: nobody here speaks over a link. */
const struct link_primitives *verifier_primitives(void);

#endif
