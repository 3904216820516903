/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bartizan-verifier can be asked to do: each takes its own arguments, its name first,
 * and gives the process's exit status. */
#ifndef VERIFIER_DAEMON_COMMANDS_H
#define VERIFIER_DAEMON_COMMANDS_H

enum {
	COMMAND_EXIT_USAGE = 2,
	/* Parsed, and not accepted. */
	COMMAND_EXIT_REFUSED = 3,
};

/* Judge one quote, offline. 0: accepted; 3: refused; 1: a file is missing or can't be parsed. */
int command_appraise(int argc, char **argv);
/* The daemon, or a check of its configuration. 1: it couldn't start. */
int command_serve(int argc, char **argv);
/* A copy of the store; the page's login. 1: a file can't be read or written. */
int command_backup(int argc, char **argv);
int command_login(int argc, char **argv);
/* An operator's order to the daemon. 1: it can't be reached, or refused. */
int command_revoke(int argc, char **argv);

#endif
