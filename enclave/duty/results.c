/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/results.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"

/* The hash of a result, which the next one names: as docs/verifier.md has it. */
static status chain_hash(const struct results *results, const struct link_primitives *primitives,
			 const struct verifier_result *head, struct span chained,
			 uint8_t ret_hash[static VERIFIER_HASH_SIZE])
{
	const uint8_t name_size = (uint8_t)strlen(results->target);
	const struct span parts[] = {
		{head->previous, sizeof head->previous},
		{&name_size, 1},
		{(const uint8_t *)results->target, name_size},
		{results->stream, sizeof results->stream},
		{(const uint8_t *)&head->number, sizeof head->number},
		chained,
	};

	return primitives->sha256(parts, ARRAY_COUNT(parts), ret_hash);
}

static void append(struct results *results, struct result *result)
{
	if (results->last != NULL)
		results->last->next = result;
	else
		results->first = result;
	results->last = result;
	results->size += result->size;
}

status results_add(struct results *results, const struct link_primitives *primitives, enum verifier_result_kind kind,
		   uint64_t epoch, const char *program, struct span content)
{
	const size_t before = offsetof(struct verifier_result, kind);
	struct verifier_result head = {.number = results->number + 1, .kind = kind, .epoch = epoch};

	if (content.size > RESULT_CONTENT_SIZE_MAX)
		return report(STATUS_INTERNAL, "a result of %zu bytes", content.size);
	memcpy(head.previous, results->last_hash, sizeof head.previous);
	strncpy(head.program, program, sizeof head.program - 1);
	struct result *result = malloc(sizeof *result + sizeof head + content.size);
	if (result == NULL)
		return report(STATUS_NO_MEMORY, "no memory for what the verifier is to be told: raise `heap` in the "
						"manifest");
	*result = (struct result){.number = head.number, .size = sizeof head + content.size};
	memcpy(result->body, &head, sizeof head);
	memcpy(result->body + sizeof head, content.data, content.size);
	status hashed = chain_hash(results, primitives, &head,
				   (struct span){result->body + before, result->size - before}, results->last_hash);
	if (hashed != STATUS_OK) {
		free(result);
		return hashed;
	}
	results->number = head.number;
	append(results, result);
	return STATUS_OK;
}

void results_forget(struct results *results, uint64_t number)
{
	while (results->first != NULL && results->first->number <= number) {
		struct result *result = results->first;

		results->first = result->next;
		results->size -= result->size;
		free(result);
	}
	if (results->first == NULL)
		results->last = NULL;
}
