/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells a quote of the backend `sim` from one of a platform: whoever makes one and whoever
 * judges one must agree on it. Every name says that it is a fake. docs/evidence.md.
 */
#ifndef WIRE_SIM_QUOTE_H
#define WIRE_SIM_QUOTE_H

/* The quote's vendor ID, in place of Intel's UUID: 16 bytes of text. */
#define SIM_QUOTE_VENDOR {'F', 'A', 'K', 'E', ' ', 'S', 'I', 'M', ' ', 'V', 'E', 'N', 'D', 'O', 'R', '!'}

/* Common names of the certificates' subjects. */
#define SIM_QUOTE_ROOT_NAME "FAKE root CA of Bartizan's simulator"
#define SIM_QUOTE_CA_NAME "FAKE platform CA of Bartizan's simulator"
#define SIM_QUOTE_PCK_NAME "FAKE PCK certificate of Bartizan's simulator"

/* The quoting part: no enclave, so its MRENCLAVE, which reports are made for, is SHA-256 of this
 * text, and its MRSIGNER that of the other one. */
#define SIM_QUOTE_ENCLAVE_NAME "Bartizan FAKE quoting enclave 1"
#define SIM_QUOTE_SIGNER_NAME "Bartizan FAKE quoting enclave's signer 1"

/* CPUSVN in reports of the backend sim (sim/key.h): text, which no CPU has. */
#define SIM_QUOTE_CPUSVN {'F', 'A', 'K', 'E', ' ', 'C', 'P', 'U', ' ', 'O', 'F', ' ', 'S', 'I', 'M', '!'}

#endif
