/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/iomem and /proc/ioports as root sees them: kernel/resource.c, 5.10 to 7.2. */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"

#include "guest/kernel/guestc-types-begin.h"

struct resource {
	u64 start, end;
	const char *name;
	struct resource *parent, *sibling, *child;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	RESOURCE_COUNT_MAX = 1 << 16, /* a PCI bus has some hundred */
	RESOURCE_DEPTH_MAX = 64, /* bridges behind bridges */
	RESOURCE_LEVEL_MAX = 5, /* MAX_IORES_LEVEL: deeper ones aren't indented more */
	RESOURCE_NAME_SIZE = 256,
	PORT_COUNT = 0x10000,
};

extern struct resource iomem_resource, ioport_resource;

static void show_resource(struct seq *seq, const struct resource *resource, u32 depth, int width)
{
	char name[RESOURCE_NAME_SIZE] = "<BAD>";

	if (resource->name != NULL && guest_string_copy(name, sizeof name, resource->name) == sizeof name)
		guest_fail(STATUS_MALFORMED, "the name of a resource has no end");
	seq_printf(seq, "%*s%0*llx-%0*llx : %s\n", (int)(2 * min(depth, (u32)RESOURCE_LEVEL_MAX)), "", width,
		   resource->start, width, resource->end, name);
}

/* A list that comes back to itself is told by row_loop_check(). */
static void show_tree(struct seq *seq, const struct resource *root)
{
	struct guest_bound bound = GUEST_BOUND(RESOURCE_COUNT_MAX, "resources");
	const struct resource *above[RESOURCE_DEPTH_MAX], *resource = root->child;
	int width = root->end < PORT_COUNT ? 4 : 8;
	struct row_loop loop = ROW_LOOP;
	u32 depth = 0;

	while (resource != NULL || depth != 0) {
		if (resource == NULL) {
			resource = above[--depth]->sibling;
			continue;
		}
		guest_bound(&bound);
		row_loop_check(&loop, resource);
		show_resource(seq, resource, depth, width);
		if (resource->child == NULL) {
			resource = resource->sibling;
			continue;
		}
		if (depth == RESOURCE_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "resources lie deeper in each other than any do");
		above[depth++] = resource;
		resource = resource->child;
	}
}

void iomem_show(struct seq *seq)
{
	show_tree(seq, &iomem_resource);
}

void ioports_show(struct seq *seq)
{
	show_tree(seq, &ioport_resource);
}
