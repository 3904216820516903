/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/print.h"

#include <string.h>

#include <jansson.h>

#include "base/report.h"
#include "verifier/appraisal/instant.h"
#include "verifier/grants/keys.h"

/* The object is made once; the lines are printed from it, so that both say the same.
 * Jansson's *_new functions take NULL for an error, and the caller looks at the end. */

static json_t *hex(const void *bytes, size_t size)
{
	char text[2 * SGX_REPORT_DATA_SIZE + 1];

	key_to_hex(bytes, size, text);
	return json_string(text);
}

static json_t *instant(time_t at)
{
	char text[INSTANT_TEXT_SIZE];

	instant_format(at, text);
	return json_string(text);
}

static json_t *remarks(const struct verdict_remark *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *text = json_string(list[i].text);

		/* None is left out: an empty list says that all is well. */
		if (text == NULL)
			text = json_string("(its text can't be shown)");
		json_array_append_new(array, json_pack("{s:s, s:o}", "code", list[i].code, "text", text));
	}
	return array;
}

static void add(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static const char *identity_text(enum appraisal_identity identity)
{
	static const char *const texts[] = {
		[APPRAISAL_IDENTITY_NOT_APPRAISED] = "not appraised",
		[APPRAISAL_IDENTITY_FITS] = "a reference value fits",
		[APPRAISAL_IDENTITY_UNKNOWN] = "no reference value fits",
	};

	return texts[identity];
}

static void add_enclave(json_t *object, const struct appraisal *appraisal)
{
	const struct sgx_report *report = &appraisal->quote.report;

	add(object, "mrenclave", hex(report->mrenclave, sizeof report->mrenclave));
	add(object, "mrsigner", hex(report->mrsigner, sizeof report->mrsigner));
	add(object, "product", json_integer(report->isv_prod_id));
	add(object, "svn", json_integer(report->isv_svn));
	add(object, "attributes", hex(&report->attributes, sizeof report->attributes));
	add(object, "report_data", hex(report->report_data, sizeof report->report_data));
	if (appraisal->stage >= APPRAISAL_AUTHENTIC) {
		add(object, "debug", json_boolean(appraisal->is_debug));
	}
	if (appraisal->stage >= APPRAISAL_AUTHENTIC && !appraisal->is_sim) {
		add(object, "fmspc", hex(appraisal->pck.fmspc, sizeof appraisal->pck.fmspc));
		add(object, "cpusvn", hex(appraisal->pck.cpusvn, sizeof appraisal->pck.cpusvn));
		add(object, "pcesvn", json_integer(appraisal->pck.pcesvn));
	}
}

static json_t *advisories(const struct tcb_level *level)
{
	return level->advisories != NULL ? json_incref(level->advisories) : json_array();
}

static void add_levels(json_t *object, const struct appraisal *appraisal)
{
	add(object, "tcb_status", json_string(tcb_status_name(appraisal->tcb)));
	add(object, "platform_tcb_status", json_string(tcb_status_name(appraisal->platform_level->tcb)));
	add(object, "platform_tcb_date", instant(appraisal->platform_level->date));
	add(object, "platform_advisories", advisories(appraisal->platform_level));
	add(object, "qe_tcb_status", json_string(tcb_status_name(appraisal->qe_level->tcb)));
	add(object, "qe_tcb_date", instant(appraisal->qe_level->date));
	add(object, "qe_advisories", advisories(appraisal->qe_level));
}

static json_t *appraisal_json(const struct appraisal *appraisal, const struct appraisal_terms *terms)
{
	const struct verdict *verdict = &appraisal->verdict;
	json_t *object = json_object();

	add(object, "verdict", json_string(verdict_is_accepted(verdict) ? "accepted" : "refused"));
	add(object, "reasons", remarks(verdict->reasons, verdict->reason_count));
	add(object, "tolerated", remarks(verdict->tolerances, verdict->tolerance_count));
	add(object, "at", instant(terms->at));
	add(object, "root", json_string(appraisal->is_sim ? "FAKE, of the backend sim" : terms->root->name));
	add(object, "quote_version", json_integer(appraisal->quote.version));
	add(object, "signatures", json_string(appraisal->stage >= APPRAISAL_AUTHENTIC ? "fit" : "not established"));
	add(object, "identity", json_string(identity_text(appraisal->identity)));
	if (appraisal->stage >= APPRAISAL_PARSED)
		add_enclave(object, appraisal);
	if (appraisal->is_sim && appraisal->stage >= APPRAISAL_PARSED)
		add(object, "sim_root", hex(appraisal->sim_root, sizeof appraisal->sim_root));
	if (appraisal->stage >= APPRAISAL_LEVELS)
		add_levels(object, appraisal);
	if (terms->collateral == NULL || terms->collateral->tcb_info.body.unsupported[0] != '\0')
		return object;
	add(object, "tcb_info_next_update", instant(terms->collateral->tcb_info.body.next_update));
	add(object, "tcb_evaluation_number", json_integer(terms->collateral->tcb_info.body.evaluation_number));
	return object;
}

static void print_array(FILE *file, const char *name, const json_t *array)
{
	const json_t *entry;
	size_t i;

	/* Remarks get a line each, advisories share one. */
	if (!json_is_object(json_array_get(array, 0))) {
		fprintf(file, "%s:", name);
		json_array_foreach(array, i, entry) fprintf(file, " %s", json_string_value(entry));
		fprintf(file, "%s\n", json_array_size(array) == 0 ? " none" : "");
		return;
	}
	json_array_foreach(array, i, entry)
		fprintf(file, "%s: %s: %s\n", name, json_string_value(json_object_get(entry, "code")),
			json_string_value(json_object_get(entry, "text")));
}

static void print_lines(FILE *file, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (json_is_array(value))
			print_array(file, name, value);
		else if (json_is_string(value))
			fprintf(file, "%s: %s\n", name, json_string_value(value));
		else if (json_is_boolean(value))
			fprintf(file, "%s: %s\n", name, json_is_true(value) ? "yes" : "no");
		else
			fprintf(file, "%s: %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
	}
}

status appraisal_print(FILE *file, const struct appraisal *appraisal, const struct appraisal_terms *terms, bool as_json)
{
	json_t *object = appraisal_json(appraisal, terms);

	if (object == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	if (as_json) {
		json_dumpf(object, file, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		fputc('\n', file);
	} else {
		print_lines(file, object);
	}
	json_decref(object);
	if (fflush(file) != 0 || ferror(file))
		return report(STATUS_IO, "the appraisal can't be written: %m");
	return STATUS_OK;
}
