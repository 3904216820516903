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

enum {
	SYMBOL_NAME_SIZE = 512, /* symbols.h */
};

uint64_t symbol_start(uint64_t address);
bool symbol_name(uint64_t address, char ret_name[SYMBOL_NAME_SIZE]);

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
