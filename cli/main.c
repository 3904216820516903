/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bartizan command: chooses a subcommand, nothing else. */
#include <argp.h>
#include <locale.h>

#include "base/checked.h"
#include "cli/command.h"

const char *argp_program_version = "bartizan " BARTIZAN_VERSION;

static const struct command commands[] = {
	{"run", cmd_run, "[OPTION…] PROGRAM [ARGUMENT…]", "run a program over a target"},
	{"watch", cmd_watch, "[OPTION…] COMMAND…", "run programs over a target again and again, and tell a verifier"},
	{"cat", cmd_cat, "[OPTION…] PATH…", "print pseudo files of a target"},
	{"kernel", cmd_kernel, "[OPTION…]", "say what is known about a target's kernel"},
	{"image", cmd_image, "COMMAND", "build, sign and inspect what runs inside"},
	{"keygen", cmd_keygen, "[OPTION…] -o FILE", "make a key that signs images or grants"},
	{"profile", cmd_profile, "COMMAND", "pin kernels by what their packages say"},
	{"lab", cmd_lab, "COMMAND", "boot and drive test machines"},
	{"grant", cmd_grant, "COMMAND", "sign and read grants"},
	{"sim-root", cmd_sim_root, "[--json]", "print the fingerprint of this machine's fake root"},
	{"targets", cmd_targets, "[--json]", "list what can be watched here"},
};

int main(int argc, char **argv)
{
	const struct command_set set = {
		.name = "bartizan",
		.summary = "Watch a Linux machine from outside its operating system.",
		.commands = commands,
		.command_count = ARRAY_COUNT(commands),
	};

	setlocale(LC_CTYPE, "");
	return command_dispatch(&set, argc, argv);
}
