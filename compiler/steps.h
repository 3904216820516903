/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a compilation, in their order. Each counts what it can't
 * compile rightly in unit->error_count; the driver stops after a step that
 * found something.
 */
#ifndef COMPILER_STEPS_H
#define COMPILER_STEPS_H

#include "base/status.h"

struct unit;

/* kernel-code.c: with kernel headers, what their inline functions say to the
 * kernel's compiler alone goes; what they do beyond reading is refused. */
void adopt_kernel_code(struct unit *unit);
void refuse_kernel_code(struct unit *unit);
/* After the optimiser. */
void refuse_assertions(struct unit *unit);

/* refuse.c: constructs that BPF and x86-64, or guest and own memory, don't
 * have in common. */
void refuse_constructs(struct unit *unit);

/* symbols.c: kernel variables (extern declarations) become answers. */
void lower_symbols(struct unit *unit);

/* fields.c: accesses to fields of kernel types become answers. */
void lower_fields(struct unit *unit);

/* strides.c: steps through arrays of kernel types become answers. */
void lower_strides(struct unit *unit);

/* layouts.c: with kernel headers, stores to the kernel's structs are refused,
 * and the layouts that are used become questions, which every way in asks first. */
void check_layouts(struct unit *unit);

/* harden.c: what C leaves undefined gets a meaning, since hostile values will
 * try it: shifts, divisions, alignment, out-of-range booleans. */
void harden(struct unit *unit);

/* accesses.c: every load, store and copy that isn't proven to stay inside an
 * own object goes through guest/kernel/guestc-access.h. */
void instrument_accesses(struct unit *unit);

/* calls.c: pointers to native code, indirect calls, and the budget of loops
 * and recursions. */
void instrument_calls(struct unit *unit);

/* emit.c: optimise; forget what the optimiser inferred; put guest C's data
 * into its own sections; write the object. */
MUST_USE status optimise(struct unit *unit);
void forget_inferences(struct unit *unit);
void place_data(struct unit *unit);
MUST_USE status emit_object(struct unit *unit, const char *path);

#endif
