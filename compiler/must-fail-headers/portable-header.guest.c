// SPDX-License-Identifier: GPL-2.0-or-later
// error: guestc.h:- compile this file with guestcc
#include "guest/kernel/guestc.h"
