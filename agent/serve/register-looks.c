/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/register-looks.h"

#include "agent/serve/clock.h"

static const int64_t look_ns = REGISTER_LOOK_MS * INT64_C(1000000);

static void look(struct register_looks *looks, struct page_source *source, int64_t now_ns)
{
	const uint64_t drop_count = atomic_load(&looks->drop_count);
	const int64_t began_ns = clock_ns();

	looks->outcome = source->ops->registers(source, 0, &looks->first);
	const int64_t rest_ns = (clock_ns() - began_ns) * REGISTER_LOOK_SHARE;
	looks->next_ns = now_ns + (rest_ns > look_ns ? rest_ns : look_ns);
	looks->drop_count_before = drop_count;
	looks->is_known = true;
}

static bool is_good(const struct register_looks *looks)
{
	return looks->is_known && looks->drop_count_before == atomic_load(&looks->drop_count);
}

status register_looks_ask(struct register_looks *looks, struct page_source *source, uint32_t cpu_index, int64_t now_ns,
			  struct cpu_registers *ret_registers)
{
	if (!is_good(looks) || (cpu_index == 0 && now_ns >= looks->next_ns))
		look(looks, source, now_ns);
	TRY(looks->outcome);
	if (cpu_index != 0)
		return source->ops->registers(source, cpu_index, ret_registers);
	*ret_registers = looks->first;
	return STATUS_OK;
}

void register_looks_drop(struct register_looks *looks)
{
	atomic_fetch_add(&looks->drop_count, 1);
}
