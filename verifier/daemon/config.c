/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/config.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/report.h"
#include "verifier/appraisal/instant.h"
#include "verifier/grants/keys.h"
#include "verifier/settings/yaml-file.h"

static const char duration_wanted[] = "a time from 100ms to 24h, such as 5s";

/* "500ms", "5s", "2m", "1h". */
static status read_duration(const struct yaml_file *file, const yaml_node_t *node, uint32_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	const char *text = yaml_scalar(node);
	char *end = NULL;
	uint64_t ms = 0;

	/* Eight digits are more than a day in any unit. */
	bool is_number = text != NULL && text[0] >= '0' && text[0] <= '9' && strspn(text, "0123456789") <= 8;
	uint64_t number = is_number ? strtoull(text, &end, 10) : 0;
	for (size_t i = 0; end != NULL && i < sizeof units / sizeof *units; i++)
		if (strcmp(end, units[i].name) == 0)
			ms = number * units[i].ms;
	if (ms < LEDGER_INTERVAL_MS_MIN || ms > LEDGER_INTERVAL_MS_MAX)
		return yaml_fault(file, node, duration_wanted);
	*ret_ms = (uint32_t)ms;
	return STATUS_OK;
}

enum { DAY_S = 24 * 3600, AGE_DAYS_MAX = 36500, SIZE_MIB_MIN = 16 };

/* "90d". */
static status read_keep_age(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_keep *keep = object;
	const char *text = yaml_scalar(value);
	char *end = NULL;

	keep->has_age = true;
	if (text != NULL && strcmp(text, "0") == 0) {
		keep->retention.age_s = 0;
		return STATUS_OK;
	}
	const bool is_number = text != NULL && text[0] >= '1' && text[0] <= '9' && strspn(text, "0123456789") <= 5;
	const unsigned long days = is_number ? strtoul(text, &end, 10) : 0;
	if (end == NULL || strcmp(end, "d") != 0 || days > AGE_DAYS_MAX)
		return yaml_fault(file, value,
				  "days, such as 90d (from 1d, to 36500d), or 0 for as long as there is room");
	keep->retention.age_s = (int64_t)days * DAY_S;
	return STATUS_OK;
}

/* "64MiB", "1GiB". */
static status read_size(const struct yaml_file *file, const yaml_node_t *node, uint64_t *ret_size)
{
	static const struct {
		const char *name;
		uint64_t mib;
	} units[] = {{"MiB", 1}, {"GiB", 1 << 10}, {"TiB", 1 << 20}};
	const char *text = yaml_scalar(node);
	char *end = NULL;
	uint64_t mib = 0;

	if (text != NULL && strcmp(text, "0") == 0) {
		*ret_size = 0;
		return STATUS_OK;
	}
	const bool is_number = text != NULL && text[0] >= '1' && text[0] <= '9' && strspn(text, "0123456789") <= 6;
	const uint64_t number = is_number ? strtoull(text, &end, 10) : 0;
	for (size_t i = 0; end != NULL && i < sizeof units / sizeof *units; i++)
		if (strcmp(end, units[i].name) == 0)
			mib = number * units[i].mib;
	if (mib < SIZE_MIB_MIN)
		return yaml_fault(file, node, "a size from 16MiB, in MiB, GiB or TiB, or 0 for any");
	*ret_size = mib << 20;
	return STATUS_OK;
}

static status read_keep_size(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_keep *keep = object;

	keep->has_size = true;
	return read_size(file, value, &keep->retention.size);
}

static status read_keep_quota(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_keep *keep = object;

	keep->has_quota = true;
	return read_size(file, value, &keep->retention.quota);
}

static status read_keep_keys(struct yaml_file *file, yaml_node_t *value, struct config_keep *keep)
{
	static const struct yaml_key keys[] = {
		{"age", read_keep_age}, {"size", read_keep_size}, {"quota", read_keep_quota}};

	return yaml_mapping_read(file, value, keys, sizeof keys / sizeof *keys, keep);
}

static status read_keep(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_keep_keys(file, value, &((struct config *)object)->keep);
}

static status read_target_keep(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_keep_keys(file, value, &((struct config_target *)object)->keep);
}

/* What the target doesn't say is the file's. */
static status settle_keep(const struct yaml_file *file, const struct config *config, struct config_target *target)
{
	struct config_keep *keep = &target->keep;

	if (!keep->has_age)
		keep->retention.age_s = config->keep.retention.age_s;
	if (!keep->has_size)
		keep->retention.size = config->keep.retention.size;
	if (!keep->has_quota)
		keep->retention.quota = config->keep.retention.quota;
	if (keep->retention.quota == 0 || keep->retention.size <= keep->retention.quota)
		return STATUS_OK;
	return report(STATUS_MALFORMED,
		      "line %zu of %s: the target %s has a `quota` of `keep` that is below its `size` (what it doesn't "
		      "say itself is the whole file's)",
		      target->line, file->name, target->name);
}

static status read_path(const struct yaml_file *file, const yaml_node_t *node, char *ret_path, size_t size)
{
	TRY(yaml_text(file, node, "a path that isn't too long", ret_path, size));
	return ret_path[0] == '/' ? STATUS_OK : yaml_fault(file, node, "a path that begins with /");
}

static status read_store(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_path(file, value, ((struct config *)object)->store, CONFIG_PATH_SIZE);
}

static status read_control(struct yaml_file *file, yaml_node_t *value, void *object)
{
	const char *text = yaml_scalar(value);
	struct config *config = object;

	if (text == NULL || strncmp(text, "unix:/", 6) != 0 || strlen(text + 5) >= sizeof config->control)
		return yaml_fault(file, value, "unix:/PATH");
	snprintf(config->control, sizeof config->control, "%s", text + 5);
	return STATUS_OK;
}

static status read_interval(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_duration(file, value, &((struct config *)object)->interval_ms);
}

/* 0: no look is waited for. */
static status read_looks_ms(struct yaml_file *file, yaml_node_t *value, uint32_t *ret_ms)
{
	const char *text = yaml_scalar(value);

	if (text == NULL || strcmp(text, "0") != 0)
		return read_duration(file, value, ret_ms);
	*ret_ms = 0;
	return STATUS_OK;
}

static status read_looks(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_looks_ms(file, value, &((struct config *)object)->looks_ms);
}

static status read_target_looks(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_target *target = object;

	target->has_looks = true;
	return read_looks_ms(file, value, &target->looks_ms);
}

static status read_connections(struct yaml_file *file, yaml_node_t *value, void *object)
{
	uint64_t number;

	TRY(yaml_number(file, value, CONFIG_CONNECTION_COUNT_MAX, &number));
	if (number == 0)
		return yaml_fault(file, value, "a number from 1");
	((struct config *)object)->connection_count_max = (uint32_t)number;
	return STATUS_OK;
}

static status read_target_name(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_target *target = object;

	TRY(yaml_text(file, value, "a target's name of 1 to 63 bytes", target->name, sizeof target->name));
	for (const char *c = target->name; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			return yaml_fault(file, value, "a target's name in printable ASCII");
	target->line = value->start_mark.line + 1;
	return STATUS_OK;
}

static status read_target_interval(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_duration(file, value, &((struct config_target *)object)->interval_ms);
}

static status read_target_references(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_target *target = object;

	return policy_references_read(file, value, &target->references, &target->reference_count);
}

static status read_target_policy(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_target *target = object;
	char path[CONFIG_PATH_SIZE];

	TRY(read_path(file, value, path, sizeof path));
	target->policy = strdup(path);
	return target->policy != NULL ? STATUS_OK : report(STATUS_NO_MEMORY, "out of memory");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct config_target *)a)->name, ((const struct config_target *)b)->name);
}

static status check_twice(const struct config *config)
{
	for (size_t i = 1; i < config->target_count; i++) {
		const struct config_target *a = &config->targets[i - 1], *b = &config->targets[i];

		if (strcmp(a->name, b->name) == 0)
			return report(
				STATUS_MALFORMED, "line %zu of the configuration: the target %s is in line %zu, too",
				a->line > b->line ? a->line : b->line, a->name, a->line > b->line ? b->line : a->line);
	}
	return STATUS_OK;
}

static status read_targets(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct yaml_key keys[] = {{"name", read_target_name},
					       {"interval", read_target_interval},
					       {"reference_values", read_target_references},
					       {"policy", read_target_policy},
					       {"keep", read_target_keep},
					       {"looks", read_target_looks}};
	struct config *config = object;
	size_t count = yaml_sequence_count(value);

	if (count == 0 || count > VIGIL_TARGET_COUNT_MAX)
		return yaml_fault(file, value, "a list of 1 to 100000 targets");
	config->targets = calloc(count, sizeof *config->targets);
	if (config->targets == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu targets", count);
	config->target_count = count;
	for (size_t i = 0; i < count; i++) {
		yaml_node_t *entry = yaml_sequence_entry(file, value, i);

		TRY(yaml_mapping_read(file, entry, keys, sizeof keys / sizeof *keys, &config->targets[i]));
		if (config->targets[i].name[0] == '\0')
			return yaml_fault(file, entry, "a target with a `name`");
	}
	qsort(config->targets, count, sizeof *config->targets, by_name);
	return check_twice(config);
}

static status read_listen_at(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_listen *at = &((struct config *)object)->listen;
	const char *text = yaml_scalar(value);

	at->is_there = true;
	if (text != NULL && strncmp(text, "unix:/", 6) == 0 && strlen(text + 5) < sizeof at->socket) {
		snprintf(at->socket, sizeof at->socket, "%s", text + 5);
		return STATUS_OK;
	}
	TRY(yaml_text(file, value, "unix:/PATH or ADDRESS:PORT", at->address, sizeof at->address));
	struct sockaddr_storage parsed;
	int size = sizeof parsed;
	if (strrchr(at->address, ':') == NULL || at->address[strlen(at->address) - 1] == ']' ||
	    evutil_parse_sockaddr_port(at->address, (struct sockaddr *)&parsed, &size) != 0)
		return yaml_fault(file, value, "unix:/PATH or ADDRESS:PORT");
	return STATUS_OK;
}

static status read_listen_owner(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_path(file, value, ((struct config *)object)->listen.owner, CONFIG_PATH_SIZE);
}

static status read_listen_collateral(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_path(file, value, ((struct config *)object)->listen.collateral, CONFIG_PATH_SIZE);
}

static status read_listen_policy(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_path(file, value, ((struct config *)object)->listen.policy, CONFIG_PATH_SIZE);
}

struct source {
	uint8_t key[START_KEY_SIZE];
	bool has_key;
	char place[CONFIG_PLACE_SIZE];
	int64_t ends_at;
};

static status read_source_key(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct source *source = object;
	const char *text = yaml_scalar(value);

	if (text == NULL || source_public_load(text, source->key) != STATUS_OK)
		return yaml_fault(file, value, "a source's public key (a file, or 64 hexadecimal digits)");
	source->has_key = true;
	return STATUS_OK;
}

static status read_source_at(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const char wanted[] = "unix:/PATH or ADDRESS:PORT, in numbers";
	struct source *source = object;
	struct sockaddr_storage parsed;
	int size = sizeof parsed;
	const char *text = yaml_scalar(value);

	if (text == NULL || strlen(text) >= sizeof source->place)
		return yaml_fault(file, value, wanted);
	if (strncmp(text, "unix:/", 6) == 0) {
		snprintf(source->place, sizeof source->place, "%s", text + 5);
		return STATUS_OK;
	}
	snprintf(source->place, sizeof source->place, "%s", text);
	if (strrchr(text, ':') == NULL || text[strlen(text) - 1] == ']' ||
	    evutil_parse_sockaddr_port(text, (struct sockaddr *)&parsed, &size) != 0)
		return yaml_fault(file, value, wanted);
	return STATUS_OK;
}

static status read_source_until(struct yaml_file *file, yaml_node_t *value, void *object)
{
	const char *text = yaml_scalar(value);
	time_t until = 0;

	if (text == NULL || instant_parse(text, &until) != STATUS_OK || until <= 0)
		return yaml_fault(file, value, "a time such as 2026-12-01T00:00:00Z");
	((struct source *)object)->ends_at = until;
	return STATUS_OK;
}

/* A public key alone, or `{key: …, at: …, until: …}`. */
static status read_source(struct yaml_file *file, yaml_node_t *entry, struct source *source)
{
	static const struct yaml_key keys[] = {
		{"key", read_source_key}, {"at", read_source_at}, {"until", read_source_until}};

	if (yaml_scalar(entry) != NULL)
		return read_source_key(file, entry, source);
	TRY(yaml_mapping_read(file, entry, keys, sizeof keys / sizeof *keys, source));
	return source->has_key ? STATUS_OK : yaml_fault(file, entry, "a source with a `key`");
}

static status read_sources(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config_grants *grants = &((struct config *)object)->grants;
	size_t count = yaml_sequence_count(value);

	if (count == 0 || count > GRANTOR_SOURCE_COUNT_MAX)
		return yaml_fault(file, value, "a list of 1 to 64 sources' public keys");
	for (size_t i = 0; i < count; i++) {
		struct source source = {0};

		TRY(read_source(file, yaml_sequence_entry(file, value, i), &source));
		memcpy(grants->sources[i], source.key, sizeof source.key);
		memcpy(grants->places[i], source.place, sizeof source.place);
		grants->ends_at[i] = source.ends_at;
		for (size_t j = 0; j < i; j++)
			if (memcmp(grants->sources[j], source.key, sizeof source.key) == 0)
				return yaml_fault(file, yaml_sequence_entry(file, value, i),
						  "a source that isn't in the list already");
	}
	grants->source_count = count;
	return STATUS_OK;
}

static status read_rights(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct {
		const char *name;
		enum link_right right;
	} names[] = {{"kernel", LINK_RIGHT_KERNEL},
		     {"user", LINK_RIGHT_USER},
		     {"local-output", LINK_RIGHT_OUTPUT},
		     {"pause", LINK_RIGHT_PAUSE}};
	struct config_grants *grants = &((struct config *)object)->grants;

	grants->rights = 0;
	for (size_t i = 0; i < yaml_sequence_count(value); i++) {
		yaml_node_t *entry = yaml_sequence_entry(file, value, i);
		const char *text = yaml_scalar(entry);
		uint32_t found = 0;

		for (size_t j = 0; text != NULL && j < sizeof names / sizeof *names; j++)
			if (strcmp(text, names[j].name) == 0)
				found = names[j].right;
		if (found == 0)
			return yaml_fault(file, entry, "kernel, user, pause or local-output");
		grants->rights |= found;
	}
	if (!link_rights_fit(grants->rights))
		return yaml_fault(file, value, "kernel, too, where there is user");
	return grants->rights != 0 ? STATUS_OK : yaml_fault(file, value, "a list of rights");
}

static status read_valid(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_duration(file, value, &((struct config *)object)->grants.valid_ms);
}

static status read_grants(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct yaml_key keys[] = {
		{"sources", read_sources}, {"rights", read_rights}, {"valid", read_valid}};
	const struct config_grants *grants = &((struct config *)object)->grants;

	TRY(yaml_mapping_read(file, value, keys, sizeof keys / sizeof *keys, object));
	if (grants->source_count == 0)
		return yaml_fault(file, value, "`sources`");
	/* A grant counts in seconds. */
	return grants->valid_ms >= 1000 ? STATUS_OK : yaml_fault(file, value, "`valid` from 1s");
}

static status read_enclaves(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct yaml_key keys[] = {{"listen", read_listen_at},
					       {"owner", read_listen_owner},
					       {"collateral", read_listen_collateral},
					       {"policy", read_listen_policy}};
	const struct config_listen *at = &((struct config *)object)->listen;

	TRY(yaml_mapping_read(file, value, keys, sizeof keys / sizeof *keys, object));
	if (!at->is_there || at->owner[0] == '\0')
		return yaml_fault(file, value, "`listen` and `owner` (a private key's file)");
	return STATUS_OK;
}

static const char listen_wanted[] = "unix:/PATH or 127.0.0.1:PORT (a page beyond this machine belongs behind a proxy "
				    "with TLS)";

static status read_page_listen(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct config *config = object;
	const char *text = yaml_scalar(value);

	if (text != NULL && strncmp(text, "unix:/", 6) == 0 && strlen(text + 5) < sizeof config->page_socket) {
		snprintf(config->page_socket, sizeof config->page_socket, "%s", text + 5);
		return STATUS_OK;
	}
	const char *port = text != NULL && strncmp(text, "127.0.0.1:", 10) == 0 ? text + 10 : "";
	bool is_number = port[0] != '\0' && strlen(port) <= 5 && strspn(port, "0123456789") == strlen(port);
	unsigned long number = is_number ? strtoul(port, NULL, 10) : 0;
	if (number == 0 || number > UINT16_MAX)
		return yaml_fault(file, value, listen_wanted);
	config->page_port = (uint16_t)number;
	return STATUS_OK;
}

static status read_page_login(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_path(file, value, ((struct config *)object)->page_login, CONFIG_PATH_SIZE);
}

static status read_page(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct yaml_key keys[] = {{"listen", read_page_listen}, {"login", read_page_login}};
	struct config *config = object;

	TRY(yaml_mapping_read(file, value, keys, sizeof keys / sizeof *keys, object));
	if (config->page_socket[0] == '\0' && config->page_port == 0)
		return yaml_fault(file, value, "a page with `listen`");
	/* Everybody on a machine reaches its ports; a socket has an owner. */
	if (config->page_port != 0 && config->page_login[0] == '\0')
		return yaml_fault(file, value,
				  "a page with `login`, since it listens on a port (or a Unix socket instead)");
	return STATUS_OK;
}

static status read_jsonl(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct output_settings *output = object;

	output->kind = OUTPUT_JSONL;
	return read_path(file, value, output->place, sizeof output->place);
}

static status read_syslog(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct output_settings *output = object;

	output->kind = OUTPUT_SYSLOG;
	TRY(yaml_text(file, value, "unix:/PATH or udp:ADDRESS:PORT", output->place, sizeof output->place));
	return output_syslog_is_place(output->place) ? STATUS_OK
						     : yaml_fault(file, value, "unix:/PATH or udp:ADDRESS:PORT");
}

static status read_webhook(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const char wanted[] = "a URL that begins with http:// or https://";
	struct output_settings *output = object;

	output->kind = OUTPUT_WEBHOOK;
	TRY(yaml_text(file, value, wanted, output->place, sizeof output->place));
	if (strncmp(output->place, "http://", 7) != 0 && strncmp(output->place, "https://", 8) != 0)
		return yaml_fault(file, value, wanted);
	return STATUS_OK;
}

static status read_outputs(struct yaml_file *file, yaml_node_t *value, void *object)
{
	static const struct yaml_key keys[] = {
		{"jsonl", read_jsonl}, {"syslog", read_syslog}, {"webhook", read_webhook}};
	struct config *config = object;
	size_t count = yaml_sequence_count(value);

	if (count == 0 || count > OUTPUT_COUNT_MAX)
		return yaml_fault(file, value, "a list of 1 to 8 outputs");
	for (size_t i = 0; i < count; i++) {
		yaml_node_t *entry = yaml_sequence_entry(file, value, i);

		TRY(yaml_mapping_read(file, entry, keys, sizeof keys / sizeof *keys, &config->outputs[i]));
		if (entry->data.mapping.pairs.top - entry->data.mapping.pairs.start != 1)
			return yaml_fault(file, entry, "one of `jsonl`, `syslog` and `webhook`");
		for (size_t j = 0; j < i; j++)
			if (strcmp(config->outputs[i].place, config->outputs[j].place) == 0)
				return yaml_fault(file, entry, "an output that isn't in the list already");
	}
	config->output_count = count;
	return STATUS_OK;
}

static status read_document(struct yaml_file *file, struct config *config)
{
	static const struct yaml_key keys[] = {
		{"store", read_store},	   {"interval", read_interval}, {"connections", read_connections},
		{"targets", read_targets}, {"enclaves", read_enclaves}, {"grants", read_grants},
		{"page", read_page},	   {"outputs", read_outputs},	{"control", read_control},
		{"keep", read_keep},	   {"looks", read_looks},
	};
	yaml_node_t *root = yaml_file_root(file);

	if (root == NULL)
		return report(STATUS_MALFORMED, "the configuration is empty: `store` and `targets` are wanted");
	TRY(yaml_mapping_read(file, root, keys, sizeof keys / sizeof *keys, config));
	if (config->grants.source_count > 0 && !config->listen.is_there)
		return yaml_fault(file, root, "`enclaves` besides `grants`: only who shows evidence gets one");
	if (config->store[0] == '\0' || config->target_count == 0)
		return yaml_fault(file, root, "a configuration with `store` and `targets`");
	if (config->keep.retention.quota != 0 && config->keep.retention.size > config->keep.retention.quota)
		return yaml_fault(file, root, "a `quota` of `keep` that isn't below its `size`, or 0");
	for (size_t i = 0; i < config->target_count; i++) {
		if (config->targets[i].interval_ms == 0)
			config->targets[i].interval_ms = config->interval_ms;
		if (!config->targets[i].has_looks)
			config->targets[i].looks_ms = config->looks_ms;
		TRY(settle_keep(file, config, &config->targets[i]));
	}
	return STATUS_OK;
}

status config_init(struct config *config, struct span yaml)
{
	struct yaml_file file;

	*config = (struct config){
		.interval_ms = CONFIG_INTERVAL_MS_DEFAULT,
		.looks_ms = CONFIG_LOOKS_MS_DEFAULT,
		.grants = {.rights = LINK_RIGHT_KERNEL, .valid_ms = CONFIG_GRANT_MS_DEFAULT},
		.connection_count_max = CONFIG_CONNECTION_COUNT_DEFAULT,
		.keep.retention = {.age_s = CONFIG_KEEP_DAYS_DEFAULT * (int64_t)DAY_S,
				   .size = (uint64_t)CONFIG_KEEP_MIB_DEFAULT << 20,
				   .quota = (uint64_t)CONFIG_QUOTA_MIB_DEFAULT << 20},
	};
	TRY(yaml_file_init(&file, "the configuration", yaml, CONFIG_SIZE_MAX));
	status result = read_document(&file, config);
	yaml_file_deinit(&file);
	if (result != STATUS_OK)
		config_deinit(config);
	return result;
}

void config_deinit(struct config *config)
{
	for (size_t i = 0; config->targets != NULL && i < config->target_count; i++) {
		free(config->targets[i].references);
		free(config->targets[i].policy);
	}
	free(config->targets);
	*config = (struct config){0};
}
