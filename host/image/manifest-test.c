/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/report.h"
#include "host/image/manifest.h"

static char message[1024];

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	snprintf(message, sizeof message, "%s", text);
}

static status parse(struct manifest *manifest, const char *text)
{
	report_sink_set(sink, NULL);
	message[0] = '\0';
	return manifest_init(manifest, "m", (struct span){(const uint8_t *)text, strlen(text)});
}

static void refuses(const char *text, const char *said)
{
	struct manifest manifest;

	assert_int_equal(parse(&manifest, text), STATUS_MALFORMED);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

static void a_manifest_says_what_it_allows(void **state)
{
	struct manifest manifest;

	assert_int_equal(
		parse(&manifest,
		      "# comment\n\nheap 64M # why\nstack 1M\nfile /etc/services /etc/hosts\n"
		      "tree /usr/share/zoneinfo\ntarget / /run\nenvironment TERM\tCOLUMNS\ncall read write read\n"),
		STATUS_OK);
	assert_int_equal(manifest.heap_size, 64 << 20);
	assert_int_equal(manifest.stack_size, 1 << 20);
	assert_int_equal(manifest.path_count, 5);
	assert_string_equal(manifest.paths[1].path, "/etc/hosts");
	assert_int_equal(manifest.paths[1].kind, MANIFEST_PATH_FILE);
	assert_int_equal(manifest.paths[2].kind, MANIFEST_PATH_TREE);
	assert_int_equal(manifest.paths[3].kind, MANIFEST_PATH_TARGET);
	assert_string_equal(manifest.paths[3].path, "");
	assert_string_equal(manifest.paths[4].path, "/run");
	assert_int_equal(manifest.environment_count, 2);
	assert_int_equal(manifest.call_count, 2);
	assert_int_equal(manifest.calls[1], SYS_write);
	assert_int_equal(manifest.thread_count, 1);
	assert_false(manifest.debug);
	manifest_deinit(&manifest);
}

static void a_manifest_says_what_the_signature_will(void **state)
{
	struct manifest manifest;

	assert_int_equal(parse(&manifest, "heap 1M\nstack 1M\nthreads 16\ndebug on\nproduct 65535\nsvn 7\n"),
			 STATUS_OK);
	assert_int_equal(manifest.thread_count, 16);
	assert_true(manifest.debug);
	assert_int_equal(manifest.isv_prod_id, 65535);
	assert_int_equal(manifest.isv_svn, 7);
	manifest_deinit(&manifest);
	refuses("threads 0\n", "m:1: a number between 1 and 16");
	refuses("threads 17\n", "m:1: a number between 1 and 16");
	refuses("threads x\n", "m:1: a number is made of");
	refuses("threads 1 2\n", "m:1: one value only");
	refuses("debug yes\n", "m:1: debug is on or off");
	refuses("product 65536\n", "m:1: a number between 0 and 65535");
	refuses("svn 99999999999999999999\n", "m:1: a number is made of");
}

static void unknown_words_are_refused_with_their_line(void **state)
{
	refuses("heap 1M\nstack 1M\nallow everything\n", "m:3: unknown word");
	refuses("heap 1M\nstack 1M\ncall read execve\n",
		"m:3: not a system call that can be passed to the host: execve");
	refuses("heap 1M\nstack 1M\ncall\n", "m:3: nothing stands after");
	refuses("heap 1M 2M\nstack 1M\n", "m:1: one value only");
	refuses("heap 1M\n", "must say `heap SIZE` and `stack SIZE`");
	refuses("heap 1M\nstack 508K\n", "m:2: a size between 524288 and");
}

static void sizes_have_bounds(void **state)
{
	refuses("heap 0\n", "m:1: a size between");
	refuses("heap -1\n", "m:1: a size is a number");
	refuses("heap 5G\n", "m:1: a size between");
	refuses("heap 1048577\n", "multiple of 4K");
	refuses("heap 99999999999999999999\n", "64 bits");
	refuses("heap 18446744073709551615G\n", "m:1: a size between");
	refuses("heap 1MM\n", "m:1: a size is a number");
	refuses("heap M\n", "m:1: a size is a number");
}

static void paths_are_absolute_and_plain(void **state)
{
	static const char *const bad[] = {
		"etc/services", "/etc/../shadow", "/etc/./x", "/etc//x",	"/etc/",   "/",
		"/proc",	"/proc/1/mem",	  "/sys",     "/sys/class/net", "/etc/..", ".."};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[100];

		snprintf(text, sizeof text, "heap 1M\nstack 1M\nfile %s\n", bad[i]);
		refuses(text, "m:3: a path must be absolute");
	}
	struct manifest manifest;
	assert_int_equal(parse(&manifest, "heap 1M\nstack 1M\nfile /process /etc/..x /etc/x.\n"), STATUS_OK);
	manifest_deinit(&manifest);
}

static void what_is_no_text_is_refused(void **state)
{
	static const uint8_t bytes[] = "heap 1M\nstack\0 1M\n";
	static uint8_t large[MANIFEST_SIZE_MAX + 1];
	struct manifest manifest;

	report_sink_set(sink, NULL);
	assert_int_equal(manifest_init(&manifest, "m", (struct span){bytes, sizeof bytes - 1}), STATUS_MALFORMED);
	assert_int_equal(manifest_init(&manifest, "m", (struct span){large, sizeof large}), STATUS_MALFORMED);
	memset(large, 'a', sizeof large);
	assert_int_equal(manifest_init(&manifest, "m", (struct span){large, 20000}), STATUS_MALFORMED);
	refuses("heap 1M\nstack 1M\nenvironment A=B\n", "not the name of an environment variable");
}

static void too_many_entries_are_refused(void **state)
{
	static char text[MANIFEST_SIZE_MAX];
	size_t used = (size_t)snprintf(text, sizeof text, "heap 1M\nstack 1M\n");

	for (int i = 0; i <= MANIFEST_PATH_COUNT_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "file /f%d\n", i);
	refuses(text, "too many paths");
}

static void odd_bytes_in_paths_stay_one_string_for_the_assembler(void **state)
{
	struct manifest manifest;
	char *source = NULL;
	size_t size;
	FILE *out = open_memstream(&source, &size);

	assert_int_equal(parse(&manifest, "heap 1M\nstack 1M\nfile /a\"b\\c\n"), STATUS_OK);
	assert_int_equal(manifest_write_assembler(&manifest, out), STATUS_OK);
	fclose(out);
	assert_non_null(strstr(source, "\t.asciz \"f/a\\042b\\134c\"\n"));
	free(source);
	manifest_deinit(&manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_says_what_it_allows),
		cmocka_unit_test(a_manifest_says_what_the_signature_will),
		cmocka_unit_test(unknown_words_are_refused_with_their_line),
		cmocka_unit_test(sizes_have_bounds),
		cmocka_unit_test(paths_are_absolute_and_plain),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(too_many_entries_are_refused),
		cmocka_unit_test(odd_bytes_in_paths_stay_one_string_for_the_assembler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
