/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel types for the inputs that must not compile. */
#include "guest/kernel/guestc.h"

#include "guest/kernel/guestc-types-begin.h"

typedef struct {
	int counter;
} atomic_t;

struct operations {
	int (*open)(int x);
};

struct sock {
	int state;
	u32 flag : 1;
	char name[16];
	struct list_head list;
	const struct operations *operations;
	struct {
		int x;
	} unnamed[4], one;
	int grid[3][5];
	struct operations tables[3][5];
	int (*rows)[5];
};

enum { UNNAMED_ENUMERATOR = 1 };

#include "guest/kernel/guestc-types-end.h"

extern struct sock init_sock;
extern int kernel_grid[3][5];
GUEST_NATIVE void take(const void *pointer);
