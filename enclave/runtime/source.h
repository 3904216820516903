/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target's memory as seen from inside an image: a page source whose every
 * answer comes from the untrusted host and is checked.
 */
#ifndef ENCLAVE_RUNTIME_SOURCE_H
#define ENCLAVE_RUNTIME_SOURCE_H

#include "guest/memory/source.h"

/* The one source of this image. Its operations report an answer that no honest
 * host gives (an unknown status, a RAM map that isn't one) as STATUS_MALFORMED. */
struct page_source *runtime_source(void);

#endif
