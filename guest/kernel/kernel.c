// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/cpus.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/layout.h"
#include "guest/kernel/mapped.h"
#include "guest/kernel/pieces.h"
#include "guest/kernel/profile.h"
#include "guest/memory/plan.h"
#include "guest/memory/root.h"

enum {
	/* An interrupt gate (SDM vol. 3A, 6.14.1). */
	GATE_SIZE = 16,
	/* VMCOREINFO_BYTES: one page. */
	NOTE_SIZE = 4096,
	/* 1 MiB of BTF at hand while links are resolved: the types that they ask
	 * for are spread over some 400 pages. */
	TYPES_ROOM = 256,
	/* Of guest_kernel_read_ahead(): a dozen places, and the tables that lead there. */
	AHEAD_LINES_MAX = 96,
};

/* CONFIG_PHYSICAL_START's default: where _text is linked unless a kernel says
 * otherwise in its VMCOREINFO. */
static const uint64_t TEXT_LINK_ADDRESS = 0xffffffff81000000;

static uint64_t symbol_or_zero(const struct guest_kernel *kernel, const char *name)
{
	struct guest_va address;

	return guest_symbols_find(kernel->symbols, name, &address) == STATUS_OK ? address.value : 0;
}

status guest_kernel_read(struct guest_kernel *kernel, struct guest_va start, void *destination, size_t size)
{
	return guest_space_read(kernel->memory, &kernel->space, start, destination, size);
}

/* Is this a state of the target (and not a failure of ours or the source's)? */
static bool is_unreadable(status s)
{
	return s == STATUS_UNMAPPED || s == STATUS_MALFORMED;
}

/* ------------------------------------------------------------ where it is */

/* An address in the text: from the note, or from the CPU's first gate. */
static status find_text(struct guest_memory *memory, const struct guest_root *root, struct guest_va *ret_text)
{
	uint8_t gate[GATE_SIZE];

	if (root->from_note) {
		*ret_text = root->text_symbol;
		return STATUS_OK;
	}
	TRY(guest_space_read(memory, &root->space, root->idt, gate, sizeof gate));
	ret_text->value = (uint64_t)gate[0] | (uint64_t)gate[1] << 8 | (uint64_t)gate[6] << 16 |
			  (uint64_t)gate[7] << 24 | (uint64_t)gate[8] << 32 | (uint64_t)gate[9] << 40 |
			  (uint64_t)gate[10] << 48 | (uint64_t)gate[11] << 56;
	return STATUS_OK;
}

static status find_image(struct guest_memory *memory, const struct guest_root *root, struct kernel_mapped *mapped,
			 struct guest_va *ret_text)
{
	TRY(find_text(memory, root, ret_text));
	if (ret_text->value < KERNEL_MAP_START || ret_text->value - KERNEL_MAP_START >= KERNEL_MAP_SIZE)
		return STATUS_MISSING;
	return kernel_mapped_init(mapped, memory, &root->space, *ret_text);
}

static status report_no_image(const struct guest_root *root, status found, struct guest_va text)
{
	if (found == STATUS_LIMIT)
		return report(found, "the page tables around %#llx hold more than a kernel's image",
			      (unsigned long long)text.value);
	if (found != STATUS_MISSING && !is_unreadable(found))
		return found;
	if (root->from_note)
		return report(STATUS_MISSING, "no Linux kernel: its text should be at %#llx, where nothing is mapped",
			      (unsigned long long)text.value);
	if (text.value == 0)
		return report(STATUS_MISSING,
			      "no Linux kernel: no VMCOREINFO, and the CPU's IDT at %#llx can't be read",
			      (unsigned long long)root->idt.value);
	return report(STATUS_MISSING,
		      "no Linux kernel: no VMCOREINFO, and the first gate of the IDT at %#llx leads to %#llx, where "
		      "Linux has no text; is it still booting, or another system?",
		      (unsigned long long)root->idt.value, (unsigned long long)text.value);
}

/* Registers first: they lead straight to the kernel. Without them, or where
 * they don't, all RAM is searched. */
static status find_kernel(struct guest_memory *memory, struct guest_root *root, struct kernel_mapped *mapped)
{
	struct guest_va text = {0};

	if (guest_root_from_registers(memory, root) == STATUS_OK &&
	    find_image(memory, root, mapped, &text) == STATUS_OK)
		return STATUS_OK;
	text.value = 0;
	TRY(guest_root_find(memory, root));
	status found = find_image(memory, root, mapped, &text);
	return found == STATUS_OK ? found : report_no_image(root, found, text);
}

/* A vCPU's CR3 goes stale with its process: change over to init_top_pgt. */
static status switch_space(struct guest_kernel *kernel)
{
	struct guest_va table = {symbol_or_zero(kernel, "init_top_pgt")};
	struct guest_mapping mapping, again;

	if (table.value == 0)
		return report(STATUS_UNSUPPORTED, "the kernel at %#llx has no symbol init_top_pgt",
			      (unsigned long long)kernel->text.value);
	status found = guest_space_translate(kernel->memory, &kernel->space, table, &mapping);
	if (found == STATUS_OK && mapping.address.value % GUEST_PAGE_SIZE != 0)
		return report(STATUS_MALFORMED,
			      "init_top_pgt at %#llx isn't at the start of a page: a symbol is forged",
			      (unsigned long long)table.value);
	if (found == STATUS_OK) {
		kernel->space.root = mapping.address;
		found = guest_space_translate(kernel->memory, &kernel->space, table, &again);
	}
	if (found == STATUS_OK && again.address.value == mapping.address.value)
		return STATUS_OK;
	if (found != STATUS_OK && !is_unreadable(found))
		return found;
	return report(STATUS_MISSING, "init_top_pgt at %#llx isn't the kernel's page table: is it still booting?",
		      (unsigned long long)table.value);
}

/* The KASLR offset as the kernel itself says it, in its VMCOREINFO. */
static uint64_t read_text_offset(struct guest_kernel *kernel)
{
	static const char key[] = "KERNELOFFSET=";
	uint64_t pointer_at = symbol_or_zero(kernel, "vmcoreinfo_data"), offset = 0;
	struct guest_va note;
	char text[NOTE_SIZE + 1] = {};

	if (pointer_at == 0 ||
	    guest_kernel_read(kernel, (struct guest_va){pointer_at}, &note.value, sizeof note.value) != STATUS_OK ||
	    guest_kernel_read(kernel, note, text, NOTE_SIZE) != STATUS_OK)
		return kernel->text.value - TEXT_LINK_ADDRESS;
	const char *digit = strstr(text, key);
	if (digit == NULL)
		return kernel->text.value - TEXT_LINK_ADDRESS;
	for (digit += strlen(key);; digit++) {
		if (*digit >= '0' && *digit <= '9')
			offset = offset << 4 | (uint64_t)(*digit - '0');
		else if (*digit >= 'a' && *digit <= 'f')
			offset = offset << 4 | (uint64_t)(*digit - 'a' + 10);
		else
			return offset;
	}
}

/* --------------------------------------------------------- what it says */

static status read_banner(struct guest_kernel *kernel, char banner[static sizeof kernel->banner])
{
	static const char start[] = "Linux version ";
	char text[sizeof kernel->banner] = {};
	size_t length = 0;

	if (kernel->landmarks.banner == 0)
		return STATUS_MISSING;
	TRY(guest_kernel_read(kernel, (struct guest_va){kernel->landmarks.banner}, text, sizeof text - 1));
	while (text[length] >= ' ' && text[length] <= '~')
		length++;
	text[length] = '\0'; /* it ends with a newline */
	if (strncmp(text, start, strlen(start)) != 0)
		return STATUS_MISSING;
	memcpy(banner, text, sizeof text);
	return STATUS_OK;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	/* FNV-1a over words; it only has to differ. */
	return (hash ^ value) * 0x100000001b3;
}

static status mix_word(struct guest_kernel *kernel, uint64_t at, uint64_t *hash)
{
	uint64_t word;

	if (at == 0) /* not every kernel has every one */
		return STATUS_OK;
	TRY(guest_kernel_read(kernel, (struct guest_va){at}, &word, sizeof word));
	*hash = mix(*hash, word);
	return STATUS_OK;
}

/* What boots differ in: KASLR's choices and the canary. All of it stays the
 * same while a kernel runs, and moves or changes when another one starts. */
static status read_boot_id(struct guest_kernel *kernel, uint64_t *ret_boot_id)
{
	uint64_t hash = mix(mix(0, kernel->space.root.value), kernel->text.value);
	const struct guest_landmarks *at = &kernel->landmarks;
	struct guest_mapping mapping;

	TRY(guest_space_translate(kernel->memory, &kernel->space, (struct guest_va){at->page_table}, &mapping));
	hash = mix(hash, mapping.address.value);
	for (size_t i = 0; i < sizeof at->word / sizeof at->word[0]; i++)
		TRY(mix_word(kernel, at->word[i], &hash));
	*ret_boot_id = hash;
	return STATUS_OK;
}

/* ------------------------------------------------------------------ types */

static status read_type_bytes(void *context, uint64_t offset, void *destination, size_t size)
{
	struct guest_kernel *kernel = context;

	return guest_kernel_read(kernel, (struct guest_va){kernel->types_start.value + offset}, destination, size);
}

static status read_types(struct guest_kernel *kernel)
{
	uint64_t start = symbol_or_zero(kernel, "__start_BTF"), stop = symbol_or_zero(kernel, "__stop_BTF");

	if (start == 0 || stop <= start)
		return report(STATUS_UNSUPPORTED,
			      "no BTF in \"%s\": its types aren't known. Linux has it with "
			      "CONFIG_DEBUG_INFO_BTF=y, as distributions build it",
			      kernel->banner);
	if (stop - start > GUEST_TYPES_SIZE_MAX)
		return report(STATUS_LIMIT, "%llu bytes of BTF: at most %u are read",
			      (unsigned long long)(stop - start), GUEST_TYPES_SIZE_MAX);
	struct pieces_source source = {
		.read = read_type_bytes,
		.context = kernel,
		.what = "the kernel's BTF",
		.start = start,
		.size = stop - start,
	};
	struct pieces *bytes;
	kernel->types_start.value = start;
	TRY(pieces_create(&source, TYPES_ROOM, &bytes));
	return guest_types_create_from_pieces(NULL, bytes, &kernel->types);
}

/* init_task's stack canary is random and set once, early (boot_init_stack_canary()). */
static uint64_t canary_address(const struct guest_kernel *kernel)
{
	uint64_t task = symbol_or_zero(kernel, "init_task");
	struct guest_field field;
	uint32_t id;

	if (task == 0 || guest_types_find(kernel->types, GUEST_TYPE_STRUCT, "task_struct", 0, &id) != STATUS_OK ||
	    guest_types_field(kernel->types, id, "stack_canary", &field) != STATUS_OK)
		return 0;
	return task + field.bit_offset / 8;
}

/* After symbols and types were found. */
static void find_landmarks(struct guest_kernel *kernel)
{
	struct guest_landmarks *at = &kernel->landmarks;

	at->page_table = symbol_or_zero(kernel, "init_top_pgt");
	at->word[0] = symbol_or_zero(kernel, "page_offset_base");
	at->word[1] = symbol_or_zero(kernel, "vmalloc_base");
	at->word[2] = symbol_or_zero(kernel, "vmcoreinfo_data");
	at->word[3] = canary_address(kernel);
}

/* ----------------------------------------------------------------- create */

static status find_symbols(struct guest_kernel *kernel, const struct kernel_mapped *mapped)
{
	status found = guest_symbols_create(&mapped->view, &kernel->symbols);

	if (is_unreadable(found) && kernel->symbols == NULL)
		return report(STATUS_UNSUPPORTED, "the kernel's symbol tables can't be read");
	return found;
}

static status identify(struct guest_kernel *kernel)
{
	kernel->text.value = symbol_or_zero(kernel, "_text");
	kernel->landmarks.banner = symbol_or_zero(kernel, "linux_banner");
	TRY(switch_space(kernel));
	status read = read_banner(kernel, kernel->banner);
	if (read == STATUS_MISSING || is_unreadable(read))
		return report(STATUS_MISSING, "symbols were found at %#llx, but no \"Linux version\" there",
			      (unsigned long long)kernel->text.value);
	return read;
}

static status find_all(struct guest_kernel *kernel, const struct guest_profile *profile)
{
	struct guest_root root;
	struct kernel_mapped mapped;

	TRY(find_kernel(kernel->memory, &root, &mapped));
	kernel->space = root.space;
	if (profile != NULL)
		TRY(guest_profile_apply(profile, &mapped.view, &kernel->symbols, &kernel->types));
	else
		TRY(find_symbols(kernel, &mapped));
	TRY(identify(kernel));
	if (profile == NULL)
		TRY(read_types(kernel));
	TRY(kernel_check_cpus(kernel));
	find_landmarks(kernel);
	TRY(guest_module_places_init(kernel, &kernel->modules));
	kernel->origin = profile != NULL ? "profile" : "memory";
	kernel->text_offset = root.from_note ? root.text_offset : read_text_offset(kernel);
	status read = read_boot_id(kernel, &kernel->boot_id);
	if (is_unreadable(read))
		return report(STATUS_MISSING, "the kernel's own data can't be read: is it still booting?");
	return read;
}

/* What comes from single reads without words; STATUS_GONE is for the caller,
 * who knows the target, and STATUS_MISSING was reported. */
static bool is_wordless(status s)
{
	return s == STATUS_UNMAPPED || s == STATUS_TORN || s == STATUS_END;
}

status guest_kernel_create(struct guest_memory *memory, const struct guest_profile *profile,
			   struct guest_kernel **ret_kernel)
{
	struct guest_kernel *kernel = calloc(1, sizeof *kernel);

	if (kernel == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a kernel");
	kernel->memory = memory;
	status found = find_all(kernel, profile);
	if (found != STATUS_OK) {
		guest_kernel_destroy(kernel);
		if (is_wordless(found))
			return report(STATUS_MISSING, "the kernel's memory can't be read (%s): is it still booting?",
				      status_name(found));
		return found;
	}
	*ret_kernel = kernel;
	return STATUS_OK;
}

void guest_kernel_destroy(struct guest_kernel *kernel)
{
	if (kernel == NULL)
		return;
	guest_symbols_destroy(kernel->symbols);
	guest_types_destroy(kernel->types);
	free(kernel);
}

void guest_kernel_trim(struct guest_kernel *kernel)
{
	if (kernel->types != NULL)
		guest_types_trim(kernel->types);
}

static struct plan_step *add_step(struct plan *plan, enum plan_step_type type, uint8_t depth, uint64_t offset)
{
	struct plan_step *step = &plan->step[plan->step_count++];

	*step = (struct plan_step){.type = (uint8_t)type, .depth = depth, .offset = (int64_t)offset, .mask = ~0ULL};
	return step;
}

/* The newest module's entry, from the head of their list on. */
static void add_modules(struct plan *plan, const struct guest_module_places *places)
{
	add_step(plan, PLAN_FOLLOW, 0, places->head.value);
	add_step(plan, PLAN_TAKE, 1, 0)->size = 8;
	add_step(plan, PLAN_FOLLOW, 1, places->btf - places->list);
	add_step(plan, PLAN_TAKE, 2, places->data)->size = 8;
	add_step(plan, PLAN_TAKE, 2, places->data_size)->size = 4;
	add_step(plan, PLAN_TAKE, 2, places->id)->size = 4;
}

void guest_kernel_read_ahead(struct guest_kernel *kernel)
{
	const struct guest_landmarks *at = &kernel->landmarks;
	struct plan plan = {.space = kernel->space, .line_count_max = AHEAD_LINES_MAX, .node_count_max = 1};

	if (kernel->ahead_epoch == kernel->memory->epoch || at->banner == 0)
		return;
	kernel->ahead_epoch = kernel->memory->epoch;
	add_step(&plan, PLAN_TAKE, 0, at->banner)->size = sizeof kernel->banner - 1;
	add_step(&plan, PLAN_TAKE, 0, at->page_table)->size = 8;
	for (size_t i = 0; i < sizeof at->word / sizeof at->word[0]; i++)
		add_step(&plan, PLAN_TAKE, 0, at->word[i])->size = 8;
	if (kernel->modules.known)
		add_modules(&plan, &kernel->modules);
	if (kernel->read_more != NULL)
		kernel->read_more(kernel, &plan);
	guest_memory_run_plan(kernel->memory, &plan);
}

status guest_kernel_check(struct guest_kernel *kernel)
{
	char banner[sizeof kernel->banner] = {};
	uint64_t boot_id;

	guest_kernel_read_ahead(kernel);
	status read = read_banner(kernel, banner);

	if (read == STATUS_OK)
		read = read_boot_id(kernel, &boot_id);
	if (is_unreadable(read) || read == STATUS_MISSING)
		return STATUS_GONE;
	TRY(read);
	return boot_id == kernel->boot_id && strcmp(banner, kernel->banner) == 0 ? STATUS_OK : STATUS_GONE;
}
