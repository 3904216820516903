/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quoting part of the backend sim, under this user's fake root, as a program (tests/fake_aesmd.py).
 *
 * usage: sim-quote target    for whom reports are made: 512 bytes to standard output
 *        sim-quote quote     a report of 432 bytes from standard input; its quote to standard output
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/quoting.h"

static int print_target(void)
{
	struct sgx_targetinfo target;

	if (sim_quoting_targetinfo(&target) != STATUS_OK)
		return EXIT_FAILURE;
	return fwrite(&target, sizeof target, 1, stdout) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_quote(void)
{
	uint8_t quote[SIM_QUOTE_SIZE_MAX];
	struct sgx_report report;
	struct sim_root root;
	size_t size;

	if (fread(&report, sizeof report, 1, stdin) != 1 || sim_root_load(&root) != STATUS_OK ||
	    sim_quote_make(&root, &report, quote, sizeof quote, &size) != STATUS_OK)
		return EXIT_FAILURE;
	return fwrite(quote, size, 1, stdout) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "target") == 0)
		return print_target();
	if (argc == 2 && strcmp(argv[1], "quote") == 0)
		return print_quote();
	fprintf(stderr, "usage: sim-quote target|quote\n");
	return 2;
}
