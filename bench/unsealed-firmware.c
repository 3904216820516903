/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built into firmware by `tools/build/firmware --insecure-unsealed` alone, which renames the real function. */
#include "bench/unsealed.h"
#include "firmware/crypto/primitives.h"

status firmware_primitives_sealed(const struct link_primitives **ret_primitives);

status firmware_primitives(const struct link_primitives **ret_primitives)
{
	const struct link_primitives *sealed;

	TRY(firmware_primitives_sealed(&sealed));
	*ret_primitives = unsealed_primitives(sealed);
	return STATUS_OK;
}
