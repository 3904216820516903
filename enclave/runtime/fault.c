/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/fault.h"

static bool noted, withheld;

void runtime_fault_note(void)
{
	noted = true;
}

bool runtime_fault_noted(void)
{
	return noted;
}

void runtime_fault_withhold(void)
{
	withheld = true;
}

bool runtime_fault_is_withheld(void)
{
	return withheld;
}
