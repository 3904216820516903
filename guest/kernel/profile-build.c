// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/profile-build.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/profile.h"
#include "guest/kernel/profile-format.h"
#include "guest/kernel/vmlinux.h"
#include "guest/kernel/vmlinuz.h"

struct build {
	uint8_t *image;
	struct vmlinux vmlinux;
	struct guest_symbols *symbols;
	struct guest_types *types;
	char banner[PROFILE_BANNER_SIZE_MAX];
	uint64_t text, types_at;
};

static void build_deinit(struct build *build)
{
	guest_symbols_destroy(build->symbols);
	guest_types_destroy(build->types);
	free(build->image);
}

static status find_symbol(const struct build *build, const char *name, uint64_t *ret_address)
{
	struct guest_va address;
	status found = guest_symbols_find(build->symbols, name, &address);

	if (found == STATUS_MISSING)
		return report(STATUS_UNSUPPORTED, "the kernel has no symbol %s%s", name,
			      strstr(name, "BTF") != NULL ? ": it is built without CONFIG_DEBUG_INFO_BTF" : "");
	TRY(found);
	*ret_address = address.value;
	return STATUS_OK;
}

static status read_types(struct build *build)
{
	uint64_t stop = 0;

	TRY(find_symbol(build, "__start_BTF", &build->types_at));
	TRY(find_symbol(build, "__stop_BTF", &stop));
	if (stop <= build->types_at || stop - build->types_at > GUEST_TYPES_SIZE_MAX)
		return report(STATUS_MALFORMED, "the kernel's BTF at %#llx-%#llx is empty or too large",
			      (unsigned long long)build->types_at, (unsigned long long)stop);
	size_t size = stop - build->types_at;
	uint8_t *bytes = malloc(size);
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu bytes of types", size);
	if (kernel_view_read(&build->vmlinux.view, build->types_at, bytes, size) != STATUS_OK) {
		free(bytes);
		return report(STATUS_MALFORMED, "the kernel's BTF lies outside of its image");
	}
	return guest_types_create(bytes, size, &build->types);
}

static status read_banner(struct build *build)
{
	uint64_t at = 0;
	size_t length = 0;

	TRY(find_symbol(build, "linux_banner", &at));
	if (kernel_view_read(&build->vmlinux.view, at, build->banner, sizeof build->banner - 1) != STATUS_OK)
		return report(STATUS_MALFORMED, "the kernel's banner lies outside of its image");
	while (build->banner[length] >= ' ' && build->banner[length] <= '~')
		length++;
	memset(build->banner + length, 0, sizeof build->banner - length);
	if (strncmp(build->banner, "Linux version ", strlen("Linux version ")) != 0)
		return report(STATUS_MALFORMED, "what should be the kernel's banner isn't: \"%s\"", build->banner);
	return STATUS_OK;
}

static status analyse(struct build *build, struct span kernel_file)
{
	size_t image_size;

	TRY(vmlinuz_unpack(kernel_file, &build->image, &image_size));
	TRY(vmlinux_init(&build->vmlinux, (struct span){build->image, image_size}));
	TRY(guest_symbols_create(&build->vmlinux.view, &build->symbols));
	TRY(find_symbol(build, "_text", &build->text));
	if (build->text != build->vmlinux.view.start)
		return report(STATUS_UNSUPPORTED, "the kernel's image starts at %#llx, not with _text at %#llx",
			      (unsigned long long)build->vmlinux.view.start, (unsigned long long)build->text);
	TRY(read_banner(build));
	return read_types(build);
}

/* Append to the file; the size was added up before. */
static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static status serialise(const struct build *build, uint8_t **ret_file, size_t *ret_size)
{
	const struct kallsyms_tables *tables = guest_symbols_tables(build->symbols);
	size_t types_size = guest_types_bytes_size(build->types);
	size_t values_size = (size_t)tables->symbol_count * kallsyms_value_size(tables->addressing);
	struct profile_header header = {
		.version = PROFILE_VERSION,
		.header_size = sizeof header,
		.text = build->text,
		.types_at = build->types_at,
		.base = tables->base,
		.names_at = tables->names_at,
		.values_at = tables->values_at,
		.base_at = tables->base_at,
		.tokens_at = tables->tokens_at,
		.token_index_at = tables->token_index_at,
		.symbol_count = tables->symbol_count,
		.addressing = tables->addressing,
		.banner_size = (uint32_t)strlen(build->banner) + 1,
		.build_id_size = build->vmlinux.build_id_size,
		.tokens_size = tables->tokens_size,
		.names_size = tables->names_size,
		.types_size = (uint32_t)types_size,
	};
	memcpy(header.magic, PROFILE_MAGIC, sizeof header.magic);
	header.file_size = sizeof header + header.banner_size + header.build_id_size + sizeof tables->token_index +
			   header.tokens_size + values_size + header.names_size + header.types_size;
	uint8_t *file = malloc(header.file_size);
	if (file == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a profile of %llu bytes",
			      (unsigned long long)header.file_size);
	uint8_t *at = put(file, &header, sizeof header);
	at = put(at, build->banner, header.banner_size);
	at = put(at, build->vmlinux.build_id, header.build_id_size);
	at = put(at, tables->token_index, sizeof tables->token_index);
	at = put(at, tables->tokens, header.tokens_size);
	at = put(at, tables->values, values_size);
	at = put(at, tables->names, header.names_size);
	status copied = guest_types_bytes_copy(build->types, 0, at, types_size);
	if (copied != STATUS_OK) {
		free(file);
		return copied;
	}
	header.checksum =
		profile_checksum((struct span){file + PROFILE_SUMMED_FROM, header.file_size - PROFILE_SUMMED_FROM});
	put(file, &header, sizeof header);
	*ret_file = file;
	*ret_size = header.file_size;
	return STATUS_OK;
}

status profile_build(struct span kernel_file, uint8_t **ret_file, size_t *ret_size)
{
	__attribute__((cleanup(build_deinit))) struct build build = {};

	TRY(analyse(&build, kernel_file));
	return serialise(&build, ret_file, ret_size);
}
