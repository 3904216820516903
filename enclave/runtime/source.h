/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target's memory as seen from inside an image: a page source whose every
 * answer comes from the untrusted host and is checked.
 */
#ifndef ENCLAVE_RUNTIME_SOURCE_H
#define ENCLAVE_RUNTIME_SOURCE_H

#include "guest/memory/source.h"
#include "wire/call.h"

/* The one source of this image. Its operations report an answer that no honest
 * host gives (an unknown status, a RAM map that isn't one) as STATUS_MALFORMED. */
struct page_source *runtime_source(void);

/* From now on it shows the epoch that the host keeps for several programs, and its `now` memory as it is. */
void runtime_source_epoch_enter(void);

/* What stands in an answer, of the host or of an agent, as guest/memory has it. STATUS_MALFORMED,
 * reported: no RAM map, or registers of another CPU or of no CPU there is. */
MUST_USE status runtime_take_ram_map(const struct call_ram_map *answer, struct ram_map *ret_map);
MUST_USE status runtime_take_registers(const struct call_registers *answer, uint32_t cpu_index,
				       struct cpu_registers *ret_registers);

#endif
