/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bartizan-verifier for tests: it believes the root in the file that BARTIZAN_MADE_UP_ROOT names
 * (tests/platform-files.h), where the real one believes Intel's. So that platforms, whose keys nobody here has, can be
 * accepted, and refused for each reason alone, by the whole program. All else of it is the real one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "verifier/appraisal/appraise.h"

status __real_appraise_quote(struct span quote, const struct appraisal_terms *terms, struct appraisal *ret_appraisal);
status __wrap_appraise_quote(struct span quote, const struct appraisal_terms *terms, struct appraisal *ret_appraisal);

static const struct certificate_root *made_up_root(void)
{
	static struct certificate_root root = {.name = "the test"};
	const char *path = getenv("BARTIZAN_MADE_UP_ROOT");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;

	if (file == NULL || fread(root.certificate_sha256, sizeof root.certificate_sha256, 1, file) != 1 ||
	    fread(root.key, sizeof root.key, 1, file) != 1) {
		fprintf(stderr, "BARTIZAN_MADE_UP_ROOT names no root\n");
		exit(EXIT_FAILURE);
	}
	fclose(file);
	return &root;
}

status __wrap_appraise_quote(struct span quote, const struct appraisal_terms *terms, struct appraisal *ret_appraisal)
{
	static const struct certificate_root *root;
	struct appraisal_terms changed = *terms;

	if (root == NULL)
		root = made_up_root();
	changed.root = root;
	return __real_appraise_quote(quote, &changed, ret_appraisal);
}
