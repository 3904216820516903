/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/whole-file.h"

static status read_config(const char *path, struct config *ret_config)
{
	struct span yaml = {0};

	TRY(whole_file_read(path, &yaml));
	status result = config_init(ret_config, yaml);
	free((void *)yaml.data);
	return result;
}

status rules_create(const struct rules_options *options, struct rules **ret_rules)
{
	struct rules *rules = calloc(1, sizeof *rules);

	if (rules == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	status result = read_config(options->config, &rules->config);
	if (result == STATUS_OK && rules->config.listen.is_there) {
		rules->has_gate = true;
		result = gate_init(&rules->gate, &rules->config, options->sim_roots, options->sim_root_count);
	}
	if (result != STATUS_OK) {
		rules_destroy(rules);
		return result;
	}
	*ret_rules = rules;
	return STATUS_OK;
}

void rules_destroy(struct rules *rules)
{
	if (rules == NULL)
		return;
	if (rules->has_gate)
		gate_deinit(&rules->gate);
	config_deinit(&rules->config);
	free(rules);
}

static bool is_same_owner(const struct rules *old, const struct rules *new)
{
	return !old->has_gate ||
	       memcmp(owner_key_public(old->gate.owner), owner_key_public(new->gate.owner), START_OWNER_KEY_SIZE) == 0;
}

static bool are_same_outputs(const struct config *old, const struct config *new)
{
	bool are_same = old->output_count == new->output_count;

	for (size_t i = 0; are_same && i < old->output_count; i++)
		are_same = old->outputs[i].kind ==
			   new->outputs[i].kind &&strcmp(old->outputs[i].place, new->outputs[i].place) == 0;
	return are_same;
}

status rules_check_change(const struct rules *old, const struct rules *new)
{
	const struct config *a = &old->config, *b = &new->config;
	const struct {
		const char *name;
		bool is_same;
	} fixed[] = {
		{"`store`", strcmp(a->store, b->store) == 0},
		{"`listen` of `enclaves`",
		 old->has_gate == new->has_gate &&strcmp(a->listen.socket, b->listen.socket) == 0 &&
			 strcmp(a->listen.address, b->listen.address) == 0},
		{"the owner's key", old->has_gate != new->has_gate || is_same_owner(old, new)},
		{"`page`", a->page_port == b->page_port && strcmp(a->page_socket, b->page_socket) == 0 &&
				   strcmp(a->page_login, b->page_login) == 0},
		{"`outputs`", are_same_outputs(a, b)},
		{"`control`", strcmp(a->control, b->control) == 0},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (!fixed[i].is_same)
			return report(STATUS_USAGE, "the configuration has another value for %s: that needs a restart",
				      fixed[i].name);
	return STATUS_OK;
}
