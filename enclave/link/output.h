/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What leaves in clear on the enclave's machine, where the grant doesn't give the right to
 * it (LINK_RIGHT_OUTPUT): nothing that could hold anything of the target.
 *
 * What remains visible: that the program wrote, failed and ended, when, and with which exit
 * code; and which of the host's files it asked for.
 */
#ifndef ENCLAVE_LINK_OUTPUT_H
#define ENCLAVE_LINK_OUTPUT_H

/* From now on the program's write() to standard output and error gives EPERM, which is said
 * once and makes the run fail; and the runtime's own messages, whose words may quote the
 * target, become one line that there was one; the report of a crash has no addresses. */
void link_output_withhold(void);

#endif
