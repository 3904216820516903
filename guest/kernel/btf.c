// SPDX-License-Identifier: GPL-2.0-or-later
/* Checking and indexing BTF, once. Looking things up: btf-find.c. */
#include "guest/kernel/btf.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/kernel/btf-format.h"

/* What follows a type of some kind. */
struct kind_layout {
	uint8_t info_size; /* once */
	uint8_t element_size; /* for each member */
	bool known;
	bool refers; /* the type's last word is a type */
	/* Where an element (or, without elements, the info) has a name and
	 * references, in bytes; NOWHERE: it has none. */
	uint8_t name_at, reference_at, second_reference_at;
};

enum { NOWHERE = 0xff, KIND_COUNT_MAX = 0x80 };

#define LAYOUT(info, element, refers_, name, reference, second) \
	{.info_size = (info),                                   \
	 .element_size = (element),                             \
	 .known = true,                                         \
	 .refers = (refers_),                                   \
	 .name_at = (name),                                     \
	 .reference_at = (reference),                           \
	 .second_reference_at = (second)}
#define PLAIN(refers_) LAYOUT(0, 0, refers_, NOWHERE, NOWHERE, NOWHERE)

static const struct kind_layout known_layouts[GUEST_TYPE_KIND_COUNT] = {
	[GUEST_TYPE_INT] = LAYOUT(4, 0, false, NOWHERE, NOWHERE, NOWHERE),
	[GUEST_TYPE_POINTER] = PLAIN(true),
	[GUEST_TYPE_ARRAY] = LAYOUT(BTF_ARRAY_SIZE, 0, false, NOWHERE, 0, 4),
	[GUEST_TYPE_STRUCT] = LAYOUT(0, BTF_MEMBER_SIZE, false, 0, 4, NOWHERE),
	[GUEST_TYPE_UNION] = LAYOUT(0, BTF_MEMBER_SIZE, false, 0, 4, NOWHERE),
	[GUEST_TYPE_ENUM] = LAYOUT(0, BTF_ENUM_SIZE, false, 0, NOWHERE, NOWHERE),
	[GUEST_TYPE_FORWARD] = PLAIN(false),
	[GUEST_TYPE_TYPEDEF] = PLAIN(true),
	[GUEST_TYPE_VOLATILE] = PLAIN(true),
	[GUEST_TYPE_CONST] = PLAIN(true),
	[GUEST_TYPE_RESTRICT] = PLAIN(true),
	[GUEST_TYPE_FUNCTION] = PLAIN(true), /* its count is a linkage */
	[GUEST_TYPE_FUNCTION_PROTOTYPE] = LAYOUT(0, BTF_PARAMETER_SIZE, true, 0, 4, NOWHERE),
	[GUEST_TYPE_VARIABLE] = LAYOUT(4, 0, true, NOWHERE, NOWHERE, NOWHERE),
	[GUEST_TYPE_DATASEC] = LAYOUT(0, BTF_VARIABLE_SIZE, false, NOWHERE, 0, NOWHERE),
	[GUEST_TYPE_FLOAT] = PLAIN(false),
	[GUEST_TYPE_DECL_TAG] = LAYOUT(4, 0, true, NOWHERE, NOWHERE, NOWHERE),
	[GUEST_TYPE_TYPE_TAG] = PLAIN(true),
	[GUEST_TYPE_ENUM64] = LAYOUT(0, BTF_ENUM64_SIZE, false, 0, NOWHERE, NOWHERE),
};

struct loader {
	struct guest_types *types;
	struct kind_layout layout[KIND_COUNT_MAX];
	uint32_t named_count;
};

/* Kinds newer than ours are skipped where BTF says how (its layout section,
 * Linux 7.x). */
static status load_layouts(struct loader *loader, struct span bytes)
{
	struct reader reader;
	struct span entry;

	memcpy(loader->layout, known_layouts, sizeof known_layouts);
	reader_init(&reader, bytes);
	for (uint32_t kind = 0; kind < KIND_COUNT_MAX && reader_bytes(&reader, 4, &entry) == STATUS_OK; kind++) {
		if (kind < GUEST_TYPE_KIND_COUNT) {
			const struct kind_layout *known = &known_layouts[kind];
			if (known->known && (entry.data[0] != known->info_size || entry.data[1] != known->element_size))
				return report(STATUS_UNSUPPORTED, "BTF lays out kind %u in another way than we know",
					      kind);
			continue;
		}
		loader->layout[kind] =
			(struct kind_layout)LAYOUT(entry.data[0], entry.data[1], false, NOWHERE, NOWHERE, NOWHERE);
	}
	return STATUS_OK;
}

/* A section of BTF; offsets count from the header's end. */
static status section(const struct guest_types *types, uint32_t header_size, uint32_t offset, uint32_t size,
		      const char *name, struct span *ret_bytes)
{
	uint64_t start = (uint64_t)header_size + offset;

	if (!checked_within(start, size, types->size))
		return report(STATUS_MALFORMED, "BTF's %s, %u bytes at %llu, lie beyond its %zu bytes", name, size,
			      (unsigned long long)start, types->size);
	*ret_bytes = (struct span){types->data + start, size};
	return STATUS_OK;
}

/* A module's may have none of its own, and its first isn't empty
 * (btf_parse_str_sec(), kernel/bpf/btf.c). */
static status check_strings(const struct guest_types *types)
{
	const char *strings = types->strings;
	uint32_t size = types->strings_size;

	if (types->base != NULL && size == 0)
		return STATUS_OK;
	if (size == 0 || (types->base == NULL && strings[0] != '\0') || strings[size - 1] != '\0')
		return report(STATUS_MALFORMED, "BTF's strings don't start and end with a NUL");
	if (size > UINT32_MAX - types->strings_start)
		return report(STATUS_LIMIT, "BTF's strings run beyond 4 GiB");
	return STATUS_OK;
}

static status load_header(struct loader *loader)
{
	struct guest_types *types = loader->types;
	struct reader reader;
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_size = 0, number[4] = {}, layout_number[2] = {};
	struct span bytes = {types->data, 0};

	reader_init(&reader, (struct span){types->data, types->size});
	if (reader_u16(&reader, &magic) != STATUS_OK || magic != BTF_MAGIC)
		return report(STATUS_MALFORMED, "no BTF: it must start with %#x", BTF_MAGIC);
	if (reader_u8(&reader, &version) != STATUS_OK || reader_u8(&reader, &flags) != STATUS_OK ||
	    reader_u32(&reader, &header_size) != STATUS_OK || reader_copy(&reader, number, sizeof number) != STATUS_OK)
		return report(STATUS_MALFORMED, "BTF ends inside its header");
	if (version != BTF_VERSION)
		return report(STATUS_UNSUPPORTED, "BTF version %u: only 1 is known", version);
	if (header_size >= reader.position + sizeof layout_number &&
	    reader_copy(&reader, layout_number, sizeof layout_number) != STATUS_OK)
		return report(STATUS_MALFORMED, "BTF ends inside its header");
	TRY(section(types, header_size, number[0], number[1], "types", &bytes));
	types->types = bytes.data;
	types->types_size = (uint32_t)bytes.size;
	TRY(section(types, header_size, number[2], number[3], "strings", &bytes));
	types->strings = (const char *)bytes.data;
	types->strings_size = (uint32_t)bytes.size;
	TRY(check_strings(types));
	TRY(section(types, header_size, layout_number[0], layout_number[1], "layouts", &bytes));
	return load_layouts(loader, bytes);
}

/* The id of the first type that is described: void isn't. */
static uint32_t own_start(const struct guest_types *types)
{
	return types->base != NULL ? types->first_id : 1;
}

/* Pass 1: count the types, and check that each lies inside the section. */
static status count_types(struct loader *loader)
{
	struct guest_types *types = loader->types;
	struct reader reader;
	struct span type;
	uint32_t id;

	reader_init(&reader, (struct span){types->types, types->types_size});
	/* Of a module's and the kernel's together. */
	for (id = own_start(types); reader_left(&reader) != 0; id++) {
		if (id >= GUEST_TYPE_COUNT_MAX)
			return report(STATUS_LIMIT, "BTF has over %u types", GUEST_TYPE_COUNT_MAX);
		if (reader_bytes(&reader, BTF_TYPE_SIZE, &type) != STATUS_OK)
			return report(STATUS_MALFORMED, "BTF ends inside type %u", id);
		uint32_t info = btf_u32(type.data + BTF_INFO_AT);
		const struct kind_layout *layout = &loader->layout[btf_kind(info)];
		if (!layout->known)
			return report(STATUS_UNSUPPORTED, "BTF type %u is of kind %u, which nobody described", id,
				      btf_kind(info));
		uint64_t tail = layout->info_size + (uint64_t)layout->element_size * btf_member_count(info);
		if (reader_skip(&reader, tail) != STATUS_OK)
			return report(STATUS_MALFORMED, "BTF type %u with %u members runs beyond the end", id,
				      btf_member_count(info));
	}
	types->type_count = id;
	return STATUS_OK;
}

static bool name_holds(const struct guest_types *types, uint32_t name)
{
	/* Either part's last byte is NUL. */
	return name < types->strings_start || name - types->strings_start < types->strings_size;
}

/* Names and references of what follows a type: elements, or an array's info. */
static bool elements_hold(const struct guest_types *types, const struct kind_layout *layout, const uint8_t *element,
			  uint32_t count)
{
	uint32_t size = layout->element_size;

	if (size == 0)
		count = layout->reference_at != NOWHERE;
	for (uint32_t i = 0; i < count; i++, element += size) {
		if (layout->name_at != NOWHERE && !name_holds(types, btf_u32(element + layout->name_at)))
			return false;
		if (layout->reference_at != NOWHERE && btf_u32(element + layout->reference_at) >= types->type_count)
			return false;
		if (layout->second_reference_at != NOWHERE &&
		    btf_u32(element + layout->second_reference_at) >= types->type_count)
			return false;
	}
	return true;
}

static bool is_indexed(uint32_t kind)
{
	return kind == GUEST_TYPE_STRUCT || kind == GUEST_TYPE_UNION || kind == GUEST_TYPE_ENUM ||
	       kind == GUEST_TYPE_ENUM64 || kind == GUEST_TYPE_TYPEDEF || kind == GUEST_TYPE_INT;
}

/* Pass 2: where each type is; every name and reference inside its bounds. */
static status check_types(struct loader *loader)
{
	struct guest_types *types = loader->types;
	uint32_t offset = 0;

	for (uint32_t id = own_start(types); id < types->type_count; id++) {
		const uint8_t *type = types->types + offset;
		uint32_t info = btf_u32(type + BTF_INFO_AT), name = btf_u32(type + BTF_NAME_AT);
		uint32_t kind = btf_kind(info), count = btf_member_count(info);
		const struct kind_layout *layout = &loader->layout[kind];
		if (!name_holds(types, name) ||
		    (layout->refers && btf_u32(type + BTF_REFERENCE_AT) >= types->type_count) ||
		    !elements_hold(types, layout, type + BTF_TYPE_SIZE, count))
			return report(STATUS_MALFORMED, "BTF type %u has a name or a reference out of bounds", id);
		types->offset[id - types->first_id] = offset;
		loader->named_count += is_indexed(kind) && *btf_string(types, name) != '\0';
		offset += BTF_TYPE_SIZE + layout->info_size + layout->element_size * count;
	}
	return STATUS_OK;
}

static void free_words(uint32_t **words)
{
	free(*words);
}

static status index_names(struct loader *loader)
{
	struct guest_types *types = loader->types;
	__attribute__((cleanup(free_words))) uint32_t *hashes = calloc(2 * (size_t)loader->named_count + 1, 4);
	uint32_t *ids = hashes + loader->named_count;
	uint32_t count = 0;

	if (hashes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the names of %u types", loader->named_count);
	for (uint32_t id = own_start(types); id < types->type_count; id++) {
		const uint8_t *type = btf_type(types, id);
		const char *name = btf_string(types, btf_u32(type + BTF_NAME_AT));
		if (*name == '\0' || !is_indexed(btf_kind(btf_u32(type + BTF_INFO_AT))))
			continue;
		hashes[count] = name_hash(name);
		ids[count++] = id;
	}
	return name_index_init(&types->names, hashes, ids, count);
}

static status load(struct guest_types *types)
{
	struct loader loader = {.types = types};

	if (types->size > GUEST_TYPES_SIZE_MAX)
		return report(STATUS_LIMIT, "%zu bytes of BTF: at most %u are read", types->size, GUEST_TYPES_SIZE_MAX);
	TRY(load_header(&loader));
	TRY(count_types(&loader));
	types->offset = calloc((size_t)types->type_count - types->first_id + 1, sizeof *types->offset);
	if (types->offset == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %u types", types->type_count);
	TRY(check_types(&loader));
	return index_names(&loader);
}

status guest_types_create(uint8_t *data, size_t size, struct guest_types **ret_types)
{
	return guest_types_create_split(NULL, data, size, ret_types);
}

status guest_types_create_split(const struct guest_types *base, uint8_t *data, size_t size,
				struct guest_types **ret_types)
{
	struct guest_types *types = calloc(1, sizeof *types);

	if (types == NULL) {
		free(data);
		return report(STATUS_NO_MEMORY, "no memory for the kernel's types");
	}
	types->data = data;
	types->size = size;
	if (base != NULL) {
		types->base = base;
		types->first_id = base->type_count;
		types->strings_start = base->strings_size;
	}
	status loaded = load(types);
	if (loaded != STATUS_OK) {
		guest_types_destroy(types);
		return loaded;
	}
	*ret_types = types;
	return STATUS_OK;
}

void guest_types_destroy(struct guest_types *types)
{
	if (types == NULL)
		return;
	name_index_deinit(&types->names);
	free(types->offset);
	free(types->data);
	free(types);
}

struct span guest_types_bytes(const struct guest_types *types)
{
	return (struct span){types->data, types->size};
}

uint32_t guest_types_count(const struct guest_types *types)
{
	return types->type_count;
}
