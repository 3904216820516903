/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the daemon: `bartizan-agent serve` and `bartizan-agent status`. */
#ifndef AGENT_SERVE_COMMAND_H
#define AGENT_SERVE_COMMAND_H

/* argv[0] is the word "serve" or "status". Return exit codes: 0; 1 a fault, which was said;
 * 2 wrong usage. */
int serve_command(int argc, char **argv);
int status_command(int argc, char **argv);

#endif
