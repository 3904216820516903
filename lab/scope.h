/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cleanup when a variable leaves its scope. */
#ifndef LAB_SCOPE_H
#define LAB_SCOPE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scope_free(void *pointer_address)
{
	free(*(void **)pointer_address);
}

static inline void scope_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void scope_fclose(FILE **stream)
{
	if (*stream != NULL)
		fclose(*stream);
}

#define SCOPED_FREE __attribute__((cleanup(scope_free)))
#define SCOPED_FD __attribute__((cleanup(scope_close)))
#define SCOPED_FILE __attribute__((cleanup(scope_fclose)))

/* Hand a scoped descriptor on to somebody who closes it. */
static inline int scope_keep_fd(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

#endif
