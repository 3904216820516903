/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommands of `bartizan image` that have files of their own. */
#ifndef CLI_CMD_IMAGE_H
#define CLI_CMD_IMAGE_H

int cmd_image_inspect(int argc, char **argv);

#endif
