/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the SMM driver tells the rest of the firmware of itself, before any operating system runs. */
#ifndef BARTIZAN_SOURCE_H
#define BARTIZAN_SOURCE_H

#define BARTIZAN_SOURCE_KEY_SIZE    32
#define BARTIZAN_SOURCE_NONCE_SIZE  32

/* Lies in boot services' memory: a copy, by which nothing in SMRAM goes. */
struct bartizan_source {
  UINT8  Key[BARTIZAN_SOURCE_KEY_SIZE];     /* X25519, public */
  UINT8  Nonce[BARTIZAN_SOURCE_NONCE_SIZE]; /* of this start */
};

extern EFI_GUID  gBartizanSourceProtocolGuid;

#endif
