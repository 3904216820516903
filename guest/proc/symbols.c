/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/proc/symbols.h's native part: what the running generator asks of the
 * kernel's symbols. (That header is guest C's; the declarations here are the
 * same functions as native code sees them.) */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"
#include "guest/proc/seq.h"

enum {
	SYMBOL_NAME_SIZE = 512, /* symbols.h */
	SYMBOLS_PLACE = 1,
};

uint64_t symbol_start(uint64_t address);
bool symbol_name(uint64_t address, char ret_name[SYMBOL_NAME_SIZE]);
void symbols_write(struct seq *seq, bool with_addresses);
bool symbol_around(uint64_t address, char ret_name[SYMBOL_NAME_SIZE], uint64_t *ret_offset, uint64_t *ret_size);

static bool nearest(uint64_t address, struct guest_symbol *ret_symbol)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	uint64_t distance;

	return kernel != NULL &&
	       guest_symbols_nearest(kernel->symbols, (struct guest_va){address}, ret_symbol, &distance) == STATUS_OK;
}

uint64_t symbol_start(uint64_t address)
{
	struct guest_symbol symbol;

	return nearest(address, &symbol) ? symbol.address.value : 0;
}

bool symbol_name(uint64_t address, char ret_name[SYMBOL_NAME_SIZE])
{
	struct guest_symbol symbol;

	if (!nearest(address, &symbol) || symbol.address.value != address)
		return false;
	size_t size = strlen(symbol.name) + 1;
	if (size > SYMBOL_NAME_SIZE)
		return false;
	memcpy(ret_name, symbol.name, size);
	return true;
}

enum {
	/* One name in so many is looked at to tell how long the text will be. */
	SAMPLE_STEP = 61,
	/* 16 digits, a type, blanks, a line's end. */
	LINE_SIZE_BESIDE_NAME = 20,
	/* Of a text that is made in parts: some 100 KiB. */
	PIECE_SYMBOL_COUNT = 2048,
};

static size_t text_size(const struct guest_symbols *symbols)
{
	uint32_t count = guest_symbols_count(symbols);
	size_t size = 0, sampled = 0;
	struct guest_symbol symbol;

	for (uint32_t i = 0; i < count; i += SAMPLE_STEP, sampled++)
		if (guest_symbols_get(symbols, i, &symbol) == STATUS_OK)
			size += strlen(symbol.name) + LINE_SIZE_BESIDE_NAME;
	/* And a sixteenth for the modules' symbols, and for what the samples miss. */
	return sampled == 0 ? 0 : size / sampled * count / 16 * 17;
}

/* Not by seq_printf(): there are two hundred thousand. */
static void write_line(struct seq *seq, uint64_t address, const struct guest_symbol *symbol)
{
	char line[LINE_SIZE_BESIDE_NAME + GUEST_SYMBOL_NAME_SIZE];
	size_t name_size = strlen(symbol->name), at = 0;

	for (int shift = 60; shift >= 0; shift -= 4)
		line[at++] = "0123456789abcdef"[address >> shift & 15];
	line[at++] = ' ';
	line[at++] = symbol->type;
	line[at++] = ' ';
	memcpy(line + at, symbol->name, name_size);
	at += name_size;
	line[at++] = '\n';
	seq_write(seq, line, at);
}

/* The symbol that a part begins with. */
static uint64_t first_wanted(const struct seq *seq, uint32_t count)
{
	uint64_t place = seq_start_place(seq);

	if (place <= SYMBOLS_PLACE)
		return 0;
	return place - SYMBOLS_PLACE < count ? place - SYMBOLS_PLACE : count;
}

void symbols_write(struct seq *seq, bool with_addresses)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	struct guest_symbol symbol;

	if (kernel == NULL)
		return;
	seq_expect(seq, text_size(kernel->symbols));
	uint32_t count = guest_symbols_count(kernel->symbols);
	for (uint32_t i = (uint32_t)first_wanted(seq, count); i < count; i++) {
		if (i % PIECE_SYMBOL_COUNT == 0 && !seq_begins(seq, SYMBOLS_PLACE + i, 0))
			return;
		status outcome = guest_symbols_get(kernel->symbols, i, &symbol);
		if (outcome != STATUS_OK) {
			seq_fault(seq, "symbol %u is missing: %s", i, status_name(outcome));
			return;
		}
		if (symbol.name[0] != '\0')
			write_line(seq, with_addresses ? symbol.address.value : 0, &symbol);
	}
}

/* The address of the first symbol above `address`; 0: there is none. Symbols are
 * sorted by address, but for the per-CPU ones before them. */
static uint64_t next_above(const struct guest_symbols *symbols, uint64_t address)
{
	uint32_t low = 0, high = guest_symbols_count(symbols);
	struct guest_symbol symbol;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (guest_symbols_get(symbols, middle, &symbol) != STATUS_OK)
			return 0;
		if (symbol.address.value <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return guest_symbols_get(symbols, low, &symbol) == STATUS_OK ? symbol.address.value : 0;
}

/* get_symbol_pos() (kernel/kallsyms.c): a symbol ends where the next begins. */
bool symbol_around(uint64_t address, char ret_name[SYMBOL_NAME_SIZE], uint64_t *ret_offset, uint64_t *ret_size)
{
	struct guest_symbol symbol;

	if (!nearest(address, &symbol))
		return false;
	uint64_t next = next_above(proc_running_kernel()->symbols, address);
	size_t size = strlen(symbol.name) + 1;
	if (next == 0 || size > SYMBOL_NAME_SIZE)
		return false;
	memcpy(ret_name, symbol.name, size);
	*ret_offset = address - symbol.address.value;
	*ret_size = next - symbol.address.value;
	return true;
}
