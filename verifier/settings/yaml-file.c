/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/settings/yaml-file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

status yaml_file_init(struct yaml_file *file, const char *name, struct span bytes, size_t size_max)
{
	yaml_parser_t parser;
	status result = STATUS_OK;

	file->name = name;
	if (bytes.size > size_max)
		return report(STATUS_MALFORMED, "%s has %zu bytes: at most %zu are read", name, bytes.size, size_max);
	if (yaml_parser_initialize(&parser) == 0)
		return report(STATUS_NO_MEMORY, "out of memory");
	yaml_parser_set_input_string(&parser, bytes.data, bytes.size);
	if (yaml_parser_load(&parser, &file->document) == 0)
		result = report(STATUS_MALFORMED, "line %zu of %s isn't YAML: %s", parser.problem_mark.line + 1, name,
				parser.problem != NULL ? parser.problem : "?");
	yaml_parser_delete(&parser);
	return result;
}

void yaml_file_deinit(struct yaml_file *file)
{
	yaml_document_delete(&file->document);
}

yaml_node_t *yaml_file_root(struct yaml_file *file)
{
	return yaml_document_get_root_node(&file->document);
}

status yaml_fault(const struct yaml_file *file, const yaml_node_t *node, const char *wanted)
{
	return report(STATUS_MALFORMED, "line %zu of %s: %s is wanted here", node->start_mark.line + 1, file->name,
		      wanted);
}

const char *yaml_scalar(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE || strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
		return NULL;
	return (const char *)node->data.scalar.value;
}

/* Which of the keys it is. STATUS_MALFORMED, reported: none, or one that was there. */
static status find_key(const struct yaml_file *file, const yaml_node_t *name, const struct yaml_key *keys,
		       size_t key_count, uint32_t *seen, size_t *ret_index)
{
	const char *text = yaml_scalar(name);
	size_t i = 0;

	while (i < key_count && (text == NULL || strcmp(text, keys[i].name) != 0))
		i++;
	if (i == key_count)
		return report(STATUS_MALFORMED, "line %zu of %s: no key is called `%.40s` here",
			      name->start_mark.line + 1, file->name, text != NULL ? text : "?");
	if ((*seen & UINT32_C(1) << i) != 0)
		return report(STATUS_MALFORMED, "line %zu of %s: `%s` is there already", name->start_mark.line + 1,
			      file->name, text);
	*seen |= UINT32_C(1) << i;
	*ret_index = i;
	return STATUS_OK;
}

status yaml_mapping_read(struct yaml_file *file, yaml_node_t *mapping, const struct yaml_key *keys, size_t key_count,
			 void *object)
{
	uint32_t seen = 0;
	size_t i = 0;

	assert(key_count <= YAML_KEY_COUNT_MAX);
	if (mapping->type != YAML_MAPPING_NODE)
		return yaml_fault(file, mapping, "a mapping (`key: value` lines)");
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		yaml_node_t *name = yaml_document_get_node(&file->document, pair->key);

		TRY(find_key(file, name, keys, key_count, &seen, &i));
		TRY(keys[i].read(file, yaml_document_get_node(&file->document, pair->value), object));
	}
	return STATUS_OK;
}

bool yaml_mapping_has(struct yaml_file *file, const yaml_node_t *mapping, const char *wanted)
{
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		const char *name = yaml_scalar(yaml_document_get_node(&file->document, pair->key));

		if (name != NULL && strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

status yaml_text(const struct yaml_file *file, const yaml_node_t *node, const char *wanted, char *ret_text, size_t size)
{
	const char *text = yaml_scalar(node);

	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return yaml_fault(file, node, wanted);
	memcpy(ret_text, text, strlen(text) + 1);
	return STATUS_OK;
}

status yaml_number(const struct yaml_file *file, const yaml_node_t *node, uint64_t max, uint64_t *ret_number)
{
	const char *text = yaml_scalar(node);
	char *end = NULL;

	/* Twenty digits and more are beyond what strtoull() can tell apart. */
	bool is_number = text != NULL && text[0] >= '0' && text[0] <= '9' && strlen(text) < 20;
	unsigned long long number = is_number ? strtoull(text, &end, 10) : 0;
	if (end == NULL || *end != '\0' || number > max)
		return yaml_fault(file, node, "a number in its range");
	*ret_number = number;
	return STATUS_OK;
}

status yaml_bool(const struct yaml_file *file, const yaml_node_t *node, bool *ret_value)
{
	const char *text = yaml_scalar(node);

	if (text == NULL || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
		return yaml_fault(file, node, "true or false");
	*ret_value = text[0] == 't';
	return STATUS_OK;
}

size_t yaml_sequence_count(const yaml_node_t *node)
{
	return node->type == YAML_SEQUENCE_NODE
		       ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start)
		       : 0;
}

yaml_node_t *yaml_sequence_entry(struct yaml_file *file, const yaml_node_t *node, size_t index)
{
	return yaml_document_get_node(&file->document, node->data.sequence.items.start[index]);
}
