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

enum { NOWHERE = 0xff, KIND_COUNT_MAX = BTF_KIND_COUNT_MAX };

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

enum {
	/* Distribution kernels have some 15,000. */
	ENUMERATOR_COUNT_MAX = 1 << 20,
	/* Elements are checked so many bytes at a time, whole ones. */
	ELEMENTS_SIZE_MAX = 1020,
	/* A header: 8 bytes, two sections, and Linux 7.x's third; the rest is
	 * newer still. */
	HEADER_SIZE_MAX = 32,
	/* 4 bytes for each kind. */
	LAYOUTS_SIZE_MAX = 4 * KIND_COUNT_MAX,
};

/* Numbers, as many as come. */
struct numbers {
	uint32_t *data;
	size_t count, capacity;
};

struct loader {
	struct guest_types *types;
	struct kind_layout layout[KIND_COUNT_MAX];
	struct numbers places;
	struct numbers hashes, ids; /* of the types that have an index */
	/* Of the enumerators of enums without a name, and those enums. */
	struct numbers enumerator_hashes, enumerator_ids;
	/* The highest reference to a type, and the type that makes it: there
	 * must be such a type in the end. */
	uint32_t reference, referring_id;
};

static void loader_deinit(struct loader *loader)
{
	free(loader->places.data);
	free(loader->hashes.data);
	free(loader->ids.data);
	free(loader->enumerator_hashes.data);
	free(loader->enumerator_ids.data);
}

static status append(struct numbers *numbers, uint32_t number)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity != 0 ? numbers->capacity + numbers->capacity / 2 : 1024;
		uint32_t *data = realloc(numbers->data, capacity * sizeof *data);
		if (data == NULL)
			return report(STATUS_NO_MEMORY,
				      "no memory for an index of the kernel's types: raise `heap` in the image's "
				      "manifest");
		numbers->data = data;
		numbers->capacity = capacity;
	}
	numbers->data[numbers->count++] = number;
	return STATUS_OK;
}

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
		      const char *name, uint32_t *ret_at)
{
	uint64_t start = (uint64_t)header_size + offset;

	if (!checked_within(start, size, pieces_size(types->bytes)))
		return report(STATUS_MALFORMED, "BTF's %s, %u bytes at %llu, lie beyond its %zu bytes", name, size,
			      (unsigned long long)start, (size_t)pieces_size(types->bytes));
	*ret_at = (uint32_t)start; /* ≤ GUEST_TYPES_SIZE_MAX */
	return STATUS_OK;
}

/* A module's may have none of its own, and its first isn't empty
 * (btf_parse_str_sec(), kernel/bpf/btf.c). */
static status check_strings(const struct guest_types *types)
{
	uint32_t size = types->strings_size;
	char first = '\0', last = '\0';

	if (types->base != NULL && size == 0)
		return STATUS_OK;
	if (size != 0) {
		TRY(pieces_copy(types->bytes, types->strings_at, &first, 1));
		TRY(pieces_copy(types->bytes, (uint64_t)types->strings_at + size - 1, &last, 1));
	}
	if (size == 0 || (types->base == NULL && first != '\0') || last != '\0')
		return report(STATUS_MALFORMED, "BTF's strings don't start and end with a NUL");
	if (size > UINT32_MAX - types->strings_start)
		return report(STATUS_LIMIT, "BTF's strings run beyond 4 GiB");
	return STATUS_OK;
}

static status load_layout_section(struct loader *loader, uint32_t at, uint32_t size)
{
	uint8_t layouts[LAYOUTS_SIZE_MAX];

	if (size > sizeof layouts)
		size = sizeof layouts;
	TRY(pieces_copy(loader->types->bytes, at, layouts, size));
	return load_layouts(loader, (struct span){layouts, size});
}

static status load_header(struct loader *loader)
{
	struct guest_types *types = loader->types;
	uint8_t header[HEADER_SIZE_MAX];
	uint64_t size = pieces_size(types->bytes);
	struct reader reader;
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_size = 0, number[4] = {}, layout_number[2] = {}, layouts_at = 0;

	if (size > sizeof header)
		size = sizeof header;
	TRY(pieces_copy(types->bytes, 0, header, size));
	reader_init(&reader, (struct span){header, size});
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
	types->types_size = number[1];
	types->strings_size = number[3];
	TRY(section(types, header_size, number[0], number[1], "types", &types->types_at));
	TRY(section(types, header_size, number[2], number[3], "strings", &types->strings_at));
	TRY(check_strings(types));
	TRY(section(types, header_size, layout_number[0], layout_number[1], "layouts", &layouts_at));
	return load_layout_section(loader, layouts_at, layout_number[1]);
}

static bool name_holds(const struct guest_types *types, uint32_t name)
{
	/* Either part's last byte is NUL. */
	return name < types->strings_start || name - types->strings_start < types->strings_size;
}

static void note_reference(struct loader *loader, uint32_t id, uint32_t reference)
{
	if (reference < loader->reference)
		return;
	loader->reference = reference;
	loader->referring_id = id;
}

static status report_out_of_bounds(uint32_t id)
{
	return report(STATUS_MALFORMED, "BTF type %u has a name or a reference out of bounds", id);
}

/* Names and references of one element, or of an array's info. */
static bool check_element(struct loader *loader, uint32_t id, const struct kind_layout *layout, const uint8_t *element)
{
	if (layout->name_at != NOWHERE && !name_holds(loader->types, btf_u32(element + layout->name_at)))
		return false;
	if (layout->reference_at != NOWHERE)
		note_reference(loader, id, btf_u32(element + layout->reference_at));
	if (layout->second_reference_at != NOWHERE)
		note_reference(loader, id, btf_u32(element + layout->second_reference_at));
	return true;
}

/* What follows a type at `place`: elements, or an array's info. */
static status check_elements(struct loader *loader, uint32_t id, const struct btf_head *head,
			     const struct kind_layout *layout)
{
	uint32_t size = layout->element_size, left = btf_member_count(head->info), place = head->place;
	uint8_t buffer[ELEMENTS_SIZE_MAX];
	const uint8_t *elements;

	if (layout->name_at == NOWHERE && layout->reference_at == NOWHERE)
		return STATUS_OK;
	if (size == 0) {
		size = layout->info_size;
		left = 1;
	}
	while (left > 0) {
		uint32_t count = ELEMENTS_SIZE_MAX / size < left ? ELEMENTS_SIZE_MAX / size : left;
		TRY(btf_bytes(loader->types, place, (size_t)count * size, buffer, &elements));
		for (uint32_t i = 0; i < count; i++)
			if (!check_element(loader, id, layout, elements + (size_t)i * size))
				return report_out_of_bounds(id);
		place += count * size;
		left -= count;
	}
	return STATUS_OK;
}

static bool is_indexed(uint32_t kind)
{
	return kind == GUEST_TYPE_STRUCT || kind == GUEST_TYPE_UNION || kind == GUEST_TYPE_ENUM ||
	       kind == GUEST_TYPE_ENUM64 || kind == GUEST_TYPE_TYPEDEF || kind == GUEST_TYPE_INT;
}

static status note(struct numbers *hashes, struct numbers *ids, uint32_t hash, uint32_t id)
{
	TRY(append(hashes, hash));
	return append(ids, id);
}

/* Its enumerators are all that an enum without a name is known by. */
static status note_enumerators(struct loader *loader, uint32_t id, const struct btf_head *head)
{
	uint32_t size = loader->layout[btf_kind(head->info)].element_size, hash;
	uint8_t buffer[BTF_ENUM64_SIZE];
	const uint8_t *enumerator;

	if (btf_member_count(head->info) > ENUMERATOR_COUNT_MAX - loader->enumerator_ids.count)
		return report(STATUS_LIMIT, "BTF has over %u enumerators in enums without a name",
			      ENUMERATOR_COUNT_MAX);
	for (uint32_t i = 0; i < btf_member_count(head->info); i++) {
		TRY(btf_bytes(loader->types, head->place + i * size, size, buffer, &enumerator));
		status hashed = btf_name_hash(loader->types, btf_u32(enumerator), &hash);
		if (hashed == STATUS_OK)
			hashed = note(&loader->enumerator_hashes, &loader->enumerator_ids, hash, id);
		if (hashed != STATUS_OK && hashed != STATUS_END) /* too long for any lookup */
			return hashed;
	}
	return STATUS_OK;
}

static status note_name(struct loader *loader, uint32_t id, const struct btf_head *head)
{
	bool is_empty;
	uint32_t hash;

	if (!is_indexed(btf_kind(head->info)))
		return STATUS_OK;
	TRY(btf_name_is_empty(loader->types, head->name, &is_empty));
	if (is_empty && (btf_kind(head->info) == GUEST_TYPE_ENUM || btf_kind(head->info) == GUEST_TYPE_ENUM64))
		return note_enumerators(loader, id, head);
	if (is_empty)
		return STATUS_OK;
	status hashed = btf_name_hash(loader->types, head->name, &hash);
	if (hashed == STATUS_END) /* too long for any lookup */
		return STATUS_OK;
	TRY(hashed);
	return note(&loader->hashes, &loader->ids, hash, id);
}

/* One type at `place`: it lies inside, and so do its names. */
static status check_type(struct loader *loader, uint32_t id, uint32_t place, uint32_t *ret_end)
{
	struct guest_types *types = loader->types;
	uint8_t buffer[BTF_TYPE_SIZE];
	const uint8_t *type;

	if (types->types_size - place < BTF_TYPE_SIZE)
		return report(STATUS_MALFORMED, "BTF ends inside type %u", id);
	TRY(btf_bytes(types, place, sizeof buffer, buffer, &type));
	struct btf_head head = {
		.types = types,
		.place = place + BTF_TYPE_SIZE,
		.name = btf_u32(type + BTF_NAME_AT),
		.info = btf_u32(type + BTF_INFO_AT),
		.size_or_type = btf_u32(type + BTF_REFERENCE_AT),
	};
	const struct kind_layout *layout = &loader->layout[btf_kind(head.info)];
	if (!layout->known)
		return report(STATUS_UNSUPPORTED, "BTF type %u is of kind %u, which nobody described", id,
			      btf_kind(head.info));
	if (btf_tail_size(types, head.info) > types->types_size - head.place)
		return report(STATUS_MALFORMED, "BTF type %u with %u members runs beyond the end", id,
			      btf_member_count(head.info));
	if (!name_holds(types, head.name))
		return report_out_of_bounds(id);
	if (layout->refers)
		note_reference(loader, id, head.size_or_type);
	TRY(check_elements(loader, id, &head, layout));
	TRY(note_name(loader, id, &head));
	*ret_end = head.place + (uint32_t)btf_tail_size(types, head.info);
	return STATUS_OK;
}

/* All types, in one go: their bytes may have to be fetched. */
static status check_types(struct loader *loader)
{
	struct guest_types *types = loader->types;
	uint32_t place = 0, id;

	for (uint32_t kind = 0; kind < KIND_COUNT_MAX; kind++)
		types->tail[kind] =
			(struct btf_tail){loader->layout[kind].info_size, loader->layout[kind].element_size};
	for (id = types->own_start; place < types->types_size; id++) {
		/* Of a module's and the kernel's together. */
		if (id >= GUEST_TYPE_COUNT_MAX)
			return report(STATUS_LIMIT, "BTF has over %u types", GUEST_TYPE_COUNT_MAX);
		if ((id - types->own_start) % BTF_STRIDE == 0)
			TRY(append(&loader->places, place));
		TRY(check_type(loader, id, place, &place));
	}
	types->type_count = id;
	return loader->reference < id ? STATUS_OK : report_out_of_bounds(loader->referring_id);
}

static status load(struct guest_types *types, struct loader *loader)
{
	if (pieces_size(types->bytes) > GUEST_TYPES_SIZE_MAX)
		return report(STATUS_LIMIT, "%llu bytes of BTF: at most %u are read",
			      (unsigned long long)pieces_size(types->bytes), GUEST_TYPES_SIZE_MAX);
	TRY(load_header(loader));
	TRY(check_types(loader));
	uint32_t *places = realloc(loader->places.data, (loader->places.count + 1) * sizeof *places);
	types->place = places != NULL ? places : loader->places.data;
	loader->places = (struct numbers){};
	TRY(name_index_init(&types->enumerators, loader->enumerator_hashes.data, loader->enumerator_ids.data,
			    loader->enumerator_ids.count));
	return name_index_init(&types->names, loader->hashes.data, loader->ids.data, loader->hashes.count);
}

status guest_types_create_from_pieces(const struct guest_types *base, struct pieces *bytes,
				      struct guest_types **ret_types)
{
	__attribute__((cleanup(loader_deinit))) struct loader loader = {};
	struct guest_types *types = calloc(1, sizeof *types);

	if (types == NULL) {
		pieces_destroy(bytes);
		return report(STATUS_NO_MEMORY, "no memory for the kernel's types");
	}
	types->bytes = bytes;
	types->own_start = 1; /* void isn't described */
	if (base != NULL) {
		types->base = base;
		types->first_id = types->own_start = base->type_count;
		types->strings_start = base->strings_size;
	}
	loader.types = types;
	status loaded = load(types, &loader);
	if (loaded != STATUS_OK) {
		guest_types_destroy(types);
		return loaded;
	}
	*ret_types = types;
	return STATUS_OK;
}

status guest_types_create_split(const struct guest_types *base, uint8_t *data, size_t size,
				struct guest_types **ret_types)
{
	struct pieces *bytes;

	TRY(pieces_create_kept(data, size, &bytes));
	return guest_types_create_from_pieces(base, bytes, ret_types);
}

status guest_types_create(uint8_t *data, size_t size, struct guest_types **ret_types)
{
	return guest_types_create_split(NULL, data, size, ret_types);
}

void guest_types_destroy(struct guest_types *types)
{
	if (types == NULL)
		return;
	name_index_deinit(&types->enumerators);
	name_index_deinit(&types->names);
	free(types->place);
	pieces_destroy(types->bytes);
	free(types);
}

void guest_types_trim(const struct guest_types *types)
{
	pieces_drop(types->bytes);
}

size_t guest_types_bytes_size(const struct guest_types *types)
{
	return pieces_size(types->bytes);
}

status guest_types_bytes_copy(const struct guest_types *types, size_t offset, void *destination, size_t size)
{
	return pieces_copy(types->bytes, offset, destination, size);
}

uint32_t guest_types_count(const struct guest_types *types)
{
	return types->type_count;
}
