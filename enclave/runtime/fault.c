/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/fault.h"

static bool noted;

void runtime_fault_note(void)
{
	noted = true;
}

bool runtime_fault_noted(void)
{
	return noted;
}
