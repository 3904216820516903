/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/root.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/memory/root-note.h"

/* arch/x86/include/asm/page_64_types.h (Linux 5.10 to 7.2): the kernel's image
 * is mapped here, and physical = virtual − this + phys_base. */
#define KERNEL_MAP 0xffffffff80000000ULL
#define KERNEL_IMAGE_SIZE_MAX (1ULL << 30)
/* KASLR moves the direct map by whole entries of the third level
 * (arch/x86/mm/kaslr.c). */
#define DIRECT_MAP_ALIGNMENT (1ULL << 30)
#define ENTRY_PRESENT 1ULL
#define ENTRY_ADDRESS 0x000ffffffffff000ULL

enum {
	/* Pages copied at once where the source has no mapping: on the stack. */
	SEARCH_BATCH_PAGES = 8,
	/* Texts that hold together: more only by intent. */
	CANDIDATE_COUNT_MAX = 8,
	/* Searches for a pointer to a text: each reads the kernel's data. */
	POINTER_SEARCH_COUNT_MAX = 16,
	/* The largest distribution kernels' data is below 64 MiB. */
	KERNEL_DATA_SIZE_MAX = 128 << 20,
	KERNEL_TABLE_BUDGET_ENTRIES = 1 << 20,
	/* Work on texts in all: pages of kernel data searched, words in them
	 * that might be the pointer, and texts, each of which costs walks of
	 * page tables. Twice what POINTER_SEARCH_COUNT_MAX whole searches
	 * take; or 16 Ki texts, where a host of guests has some hundreds. */
	WORK_MAX = 1 << 20,
	TEXT_WORK = 64,
	LOW_MEMORY_SIZE = 1 << 20,
	CPU_COUNT_MAX = 64, /* enough to see tables in use */
	UTS_PROBE_SIZE = 512, /* struct uts_namespace up to and with its strings */
};

struct candidate {
	struct root_note note;
	struct guest_space space;
	struct guest_pa page;
	uint32_t evidence;
};

struct search {
	struct guest_memory *memory;
	/* The top-level entries behind which the CPUs' kernel text lies. */
	struct guest_space cpu_space[CPU_COUNT_MAX];
	uint32_t cpu_count;
	/* The source knows registers, whatever they say. */
	bool registers_known;
	struct candidate candidates[CANDIDATE_COUNT_MAX];
	uint32_t candidate_count;
	uint32_t pointer_search_count;
	uint32_t refused_count;
	uint32_t work; /* up to WORK_MAX */
	bool settled;
};

static status spend(struct search *search, uint32_t work)
{
	if (search->work > WORK_MAX - work)
		return report(STATUS_LIMIT,
			      "too much to examine: %u VMCOREINFO texts were refused, and more follow: the target "
			      "plants decoys; give access to the CPUs' registers (QMP)",
			      search->refused_count);
	search->work += work;
	return STATUS_OK;
}

static bool maps_as_kernel(struct guest_memory *memory, const struct guest_space *space, uint64_t address,
			   struct guest_mapping *ret_mapping)
{
	return guest_space_translate(memory, space, (struct guest_va){address}, ret_mapping) == STATUS_OK &&
	       !ret_mapping->user;
}

/* "RELEASE\0" somewhere in the first bytes of init_uts_ns. */
static bool release_is_in_place(struct guest_memory *memory, const struct guest_space *space,
				const struct root_note *note)
{
	uint8_t bytes[UTS_PROBE_SIZE];
	size_t size = strlen(note->release) + 1;

	if (guest_space_read(memory, space, (struct guest_va){note->uts_symbol}, bytes, sizeof bytes) != STATUS_OK)
		return false;
	for (size_t i = 0; i + size <= sizeof bytes; i++)
		if (memcmp(bytes + i, note->release, size) == 0)
			return true;
	return false;
}

/* Do the tables that the text names bear out what it says? */
static bool is_consistent(struct guest_memory *memory, const struct root_note *note, struct guest_space *ret_space)
{
	struct guest_space space = {
		.root = {note->root_symbol - KERNEL_MAP + note->physical_base},
		.level_count = note->level_count,
		.physical_bits = GUEST_PHYSICAL_BITS_MAX,
	};
	struct guest_mapping root, text;

	if (note->root_symbol < KERNEL_MAP || note->text_symbol < KERNEL_MAP || note->uts_symbol < KERNEL_MAP ||
	    space.root.value % GUEST_PAGE_SIZE != 0 || !guest_memory_is_ram(memory, space.root, GUEST_PAGE_SIZE))
		return false;
	if (!maps_as_kernel(memory, &space, note->root_symbol, &root) || root.address.value != space.root.value ||
	    !maps_as_kernel(memory, &space, note->text_symbol, &text) || !text.executable)
		return false;
	*ret_space = space;
	return release_is_in_place(memory, &space, note);
}

/* Is one of these words the direct map's address of `page`? */
static status look_for_pointer(struct search *search, const struct candidate *candidate, const uint8_t *bytes,
			       size_t size, bool *ret_found)
{
	bool found = false;

	for (size_t i = 0; i + 8 <= size && !found; i += 8) {
		struct guest_mapping mapping;
		uint64_t word;

		memcpy(&word, bytes + i, sizeof word);
		if ((word - candidate->page.value) % DIRECT_MAP_ALIGNMENT != 0 || word < GUEST_KERNEL_HALF)
			continue;
		TRY(spend(search, 1));
		found = maps_as_kernel(search->memory, &candidate->space, word, &mapping) &&
			mapping.address.value == candidate->page.value;
	}
	*ret_found = found;
	return STATUS_OK;
}

/* Search one mapped run of the kernel's data, a few pages at a time. */
static status search_run(struct search *search, const struct candidate *candidate, struct guest_pa start, uint64_t size,
			 bool *ret_found)
{
	uint8_t bytes[SEARCH_BATCH_PAGES][GUEST_PAGE_SIZE];

	for (uint64_t done = 0; done < size && !*ret_found;) {
		struct guest_pa pages[SEARCH_BATCH_PAGES];
		size_t count = 0;

		for (; count < SEARCH_BATCH_PAGES && done < size; count++, done += GUEST_PAGE_SIZE)
			pages[count].value = start.value + done;
		TRY(spend(search, (uint32_t)count));
		TRY(guest_memory_read_pages(search->memory, pages, count, bytes));
		TRY(look_for_pointer(search, candidate, &bytes[0][0], count * GUEST_PAGE_SIZE, ret_found));
	}
	return STATUS_OK;
}

/* The kernel keeps vmcoreinfo_data and vmcoreinfo_note, pointers into the
 * direct map, in its data: no program can put a pointer to its own page there. */
static status look_for_pointers(struct search *search, const struct candidate *candidate, bool *ret_found)
{
	struct guest_va at = {candidate->note.text_symbol};
	struct guest_va end = {KERNEL_MAP + KERNEL_IMAGE_SIZE_MAX};
	uint64_t searched_size = 0;
	struct guest_mapping mapping;
	bool found = false;

	*ret_found = false;
	if (search->pointer_search_count >= POINTER_SEARCH_COUNT_MAX)
		return STATUS_OK;
	search->pointer_search_count++;
	while (!found && searched_size < KERNEL_DATA_SIZE_MAX &&
	       guest_space_next(search->memory, &candidate->space, at, end, KERNEL_TABLE_BUDGET_ENTRIES, &at,
				&mapping) == STATUS_OK) {
		uint64_t size = mapping.page_size - (at.value & (mapping.page_size - 1));

		if (!mapping.executable && !mapping.user) {
			searched_size += size;
			/* A run that can't be read (a device) holds no pointer. */
			status searched = search_run(search, candidate, mapping.address, size, &found);
			if (searched == STATUS_GONE || searched == STATUS_LIMIT)
				return searched;
		}
		at.value += size;
	}
	*ret_found = found;
	return STATUS_OK;
}

static uint64_t top_entry(struct guest_memory *memory, const struct guest_space *space, uint64_t address)
{
	uint32_t shift = GUEST_PAGE_SHIFT + 9 * (space->level_count - 1);
	const uint8_t *page;
	uint64_t entry;

	if (guest_memory_page(memory, space->root, &page) != STATUS_OK)
		return 0;
	memcpy(&entry, page + (address >> shift) % 512 * 8, sizeof entry);
	return (entry & ENTRY_PRESENT) != 0 ? entry & ENTRY_ADDRESS : 0;
}

/* All processes share the tables below the entry for the kernel's image
 * (level3_kernel_pgt, level4_kernel_pgt). */
static bool is_in_use(struct search *search, const struct candidate *candidate)
{
	uint64_t entry = top_entry(search->memory, &candidate->space, KERNEL_MAP);

	for (uint32_t i = 0; i < search->cpu_count; i++) {
		const struct guest_space *cpu = &search->cpu_space[i];

		if (entry != 0 && cpu->level_count == candidate->space.level_count &&
		    top_entry(search->memory, cpu, KERNEL_MAP) == entry)
			return true;
	}
	return false;
}

static int evidence_weight(uint32_t evidence)
{
	return ((evidence & GUEST_ROOT_CONSISTENT) != 0) + ((evidence & GUEST_ROOT_POINTED_TO) != 0) +
	       ((evidence & GUEST_ROOT_IN_USE) != 0) + ((evidence & GUEST_ROOT_STARTED_FROM) != 0);
}

/* Do the tables in low memory that start CPUs share the kernel's image with
 * these? setup_real_mode() copies the kernel half of init_top_pgt to a page
 * below 1 MiB, at the same place at each boot. */
static bool is_started_from(struct search *search, const struct candidate *candidate)
{
	uint64_t entry = top_entry(search->memory, &candidate->space, KERNEL_MAP), word;
	uint8_t bytes[1][GUEST_PAGE_SIZE];

	for (uint64_t at = 0; entry != 0 && at < LOW_MEMORY_SIZE; at += GUEST_PAGE_SIZE) {
		struct guest_pa page = {at};

		/* There may be holes down there. */
		if (guest_memory_read_pages(search->memory, &page, 1, bytes) != STATUS_OK)
			continue;
		memcpy(&word, bytes[0] + GUEST_PAGE_SIZE - sizeof word, sizeof word);
		if ((word & ENTRY_PRESENT) != 0 && (word & ENTRY_ADDRESS) == entry)
			return true;
	}
	return false;
}

static bool note_equal(const struct root_note *a, const struct root_note *b)
{
	return a->root_symbol == b->root_symbol && a->text_symbol == b->text_symbol && a->uts_symbol == b->uts_symbol &&
	       a->text_offset == b->text_offset && a->physical_base == b->physical_base &&
	       a->level_count == b->level_count && strcmp(a->release, b->release) == 0;
}

/* An equal text, seen before (the data and the ELF note agree). */
static struct candidate *find_equal(struct search *search, const struct root_note *note)
{
	for (uint32_t i = 0; i < search->candidate_count; i++)
		if (note_equal(&search->candidates[i].note, note))
			return &search->candidates[i];
	return NULL;
}

/* A text like one before differs in its place alone: a pointer to it is all that
 * it can add. Copies beyond POINTER_SEARCH_COUNT_MAX cost next to nothing. */
static status add_copy(struct search *search, struct candidate *known, struct guest_pa page)
{
	struct candidate copy = *known;
	bool pointed_to;

	if ((known->evidence & GUEST_ROOT_POINTED_TO) != 0)
		return STATUS_OK;
	copy.page = page;
	TRY(look_for_pointers(search, &copy, &pointed_to));
	if (!pointed_to)
		return STATUS_OK;
	copy.evidence |= GUEST_ROOT_POINTED_TO;
	*known = copy;
	search->settled = (copy.evidence & GUEST_ROOT_IN_USE) != 0;
	return STATUS_OK;
}

static status add_candidate(struct search *search, const struct root_note *note, struct guest_pa page)
{
	struct candidate *known = find_equal(search, note);
	struct candidate candidate = {.note = *note, .page = page, .evidence = GUEST_ROOT_CONSISTENT};
	bool pointed_to;

	if (known != NULL)
		return add_copy(search, known, page);
	TRY(spend(search, TEXT_WORK));
	if (!is_consistent(search->memory, note, &candidate.space)) {
		search->refused_count++;
		return STATUS_OK;
	}
	if (search->candidate_count == CANDIDATE_COUNT_MAX)
		return report(STATUS_LIMIT,
			      "more than %d different VMCOREINFO texts hold together: the target plants decoys",
			      CANDIDATE_COUNT_MAX);
	if (is_in_use(search, &candidate))
		candidate.evidence |= GUEST_ROOT_IN_USE;
	TRY(look_for_pointers(search, &candidate, &pointed_to));
	if (pointed_to)
		candidate.evidence |= GUEST_ROOT_POINTED_TO;
	if (is_started_from(search, &candidate))
		candidate.evidence |= GUEST_ROOT_STARTED_FROM;
	search->settled =
		(candidate.evidence & GUEST_ROOT_IN_USE) != 0 && (candidate.evidence & GUEST_ROOT_POINTED_TO) != 0;
	search->candidates[search->candidate_count++] = candidate;
	return STATUS_OK;
}

/* The page looks like a text: copy it once, then parse and judge the copy. */
static status consider(struct search *search, struct guest_pa page)
{
	struct root_note note;
	const uint8_t *bytes;
	uint32_t offset;

	TRY(guest_memory_page(search->memory, page, &bytes));
	if (!root_note_recognise(bytes, &offset))
		return STATUS_OK; /* it changed since */
	if (root_note_parse((struct span){bytes + offset, GUEST_PAGE_SIZE - offset}, &note) != STATUS_OK) {
		search->refused_count++;
		return STATUS_OK;
	}
	return add_candidate(search, &note, page);
}

/* RAM that the source has mapped: one cache line a page is touched. */
static status scan_mapped(struct search *search, const struct ram_range *range, const uint8_t *bytes)
{
	for (uint64_t done = 0; done < range->size && !search->settled; done += GUEST_PAGE_SIZE) {
		uint32_t offset;

		if (root_note_recognise(bytes + done, &offset))
			TRY(consider(search, (struct guest_pa){range->start.value + done}));
	}
	return STATUS_OK;
}

static status scan_copied(struct search *search, const struct ram_range *range)
{
	uint8_t bytes[SEARCH_BATCH_PAGES][GUEST_PAGE_SIZE];

	for (uint64_t done = 0; done < range->size && !search->settled;) {
		struct guest_pa pages[SEARCH_BATCH_PAGES];
		size_t count = 0;
		uint32_t offset;

		for (; count < SEARCH_BATCH_PAGES && done < range->size; count++, done += GUEST_PAGE_SIZE)
			pages[count].value = range->start.value + done;
		TRY(guest_memory_read_pages(search->memory, pages, count, bytes));
		for (size_t i = 0; i < count; i++)
			if (root_note_recognise(bytes[i], &offset))
				TRY(consider(search, pages[i]));
	}
	return STATUS_OK;
}

static status scan_populated(struct search *search)
{
	struct page_source *source = search->memory->source;
	struct guest_pa at = {0};

	/* Each round goes forward, or ends. */
	while (!search->settled) {
		const uint8_t *bytes = NULL;
		struct ram_range range;
		uint64_t end;
		status result = source->ops->next_populated(source, at, &range, &bytes);

		if (result == STATUS_END)
			return STATUS_OK;
		TRY(result);
		if (!checked_add(range.start.value, range.size, &end) || end <= at.value ||
		    range.start.value < at.value)
			return report(STATUS_INTERNAL, "the source's list of populated RAM goes backwards at 0x%llx",
				      (unsigned long long)at.value);
		TRY(bytes != NULL ? scan_mapped(search, &range, bytes) : scan_copied(search, &range));
		at.value = end;
	}
	return STATUS_OK;
}

static status scan_all(struct search *search)
{
	const struct ram_map *ram = &search->memory->ram;

	if (search->memory->source->ops->next_populated != NULL)
		return scan_populated(search);
	for (uint32_t i = 0; i < ram->range_count && !search->settled; i++)
		TRY(scan_copied(search, &ram->range[i]));
	return STATUS_OK;
}

/* The root as the kernel uses it: of the two halves of a KPTI pair, the one
 * that maps the IDT and the kernel's image. */
bool guest_root_of_cpu(struct guest_memory *memory, const struct cpu_registers *registers,
		       struct guest_space *ret_space)
{
	struct guest_space halves[2];
	struct guest_mapping mapping;

	if (guest_space_from_registers(registers, &halves[1], &halves[0]) != STATUS_OK)
		return false;
	/* The kernel's half comes first: the user's maps the IDT as well. Where
	 * there is no KPTI and the bit belongs to the address, the page below
	 * the root is hardly another root that maps this IDT. */
	for (int i = 0; i < 2; i++) {
		if (!maps_as_kernel(memory, &halves[i], registers->idt_base, &mapping) ||
		    top_entry(memory, &halves[i], KERNEL_MAP) == 0)
			continue;
		*ret_space = halves[i];
		return true;
	}
	return false;
}

status guest_root_from_registers(struct guest_memory *memory, struct guest_root *ret_root)
{
	struct page_source *source = memory->source;

	for (uint32_t i = 0; i < CPU_COUNT_MAX; i++) {
		struct cpu_registers registers;
		struct guest_space space;
		status result = source->ops->registers(source, i, &registers);

		if (result == STATUS_END || result == STATUS_MISSING)
			break;
		TRY(result);
		if (!guest_root_of_cpu(memory, &registers, &space))
			continue;
		*ret_root =
			(struct guest_root){.space = space, .evidence = GUEST_ROOT_IN_USE, .idt = {registers.idt_base}};
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

static status collect_cpus(struct search *search, struct guest_va *ret_idt)
{
	struct page_source *source = search->memory->source;

	for (uint32_t i = 0; i < CPU_COUNT_MAX; i++) {
		struct cpu_registers registers;
		status result = source->ops->registers(source, i, &registers);

		if (result == STATUS_END || result == STATUS_MISSING)
			break;
		TRY(result);
		search->registers_known = true;
		if (!guest_root_of_cpu(search->memory, &registers, &search->cpu_space[search->cpu_count]))
			continue;
		search->cpu_count++;
		*ret_idt = (struct guest_va){registers.idt_base};
	}
	return STATUS_OK;
}

/* A text that no CPU's tables agree with is left from an earlier boot (RAM
 * survives a reset) or was planted. */
static void drop_unused(struct search *search)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < search->candidate_count; i++)
		if ((search->candidates[i].evidence & GUEST_ROOT_IN_USE) != 0)
			search->candidates[kept++] = search->candidates[i];
	search->refused_count += search->candidate_count - kept;
	search->candidate_count = kept;
}

/* The candidate with the most evidence. Two that differ in their root and have
 * equally much leave it open. */
static status choose(const struct search *search, const struct candidate **ret_best)
{
	const struct candidate *best = &search->candidates[0];

	for (uint32_t i = 1; i < search->candidate_count; i++)
		if (evidence_weight(search->candidates[i].evidence) > evidence_weight(best->evidence))
			best = &search->candidates[i];
	for (uint32_t i = 0; i < search->candidate_count; i++) {
		const struct candidate *other = &search->candidates[i];

		if (other == best || evidence_weight(other->evidence) < evidence_weight(best->evidence))
			continue;
		return report(
			STATUS_MISMATCH,
			"two texts claim to describe the running kernel: at 0x%llx %s with its page tables at 0x%llx, "
			"at 0x%llx %s with 0x%llx; give access to the CPUs' registers (QMP) to tell them apart",
			(unsigned long long)best->page.value, best->note.release,
			(unsigned long long)best->space.root.value, (unsigned long long)other->page.value,
			other->note.release, (unsigned long long)other->space.root.value);
	}
	*ret_best = best;
	return STATUS_OK;
}

static struct guest_root root_of(const struct search *search, const struct candidate *best, struct guest_va idt)
{
	struct guest_root root = {
		.space = best->space,
		.evidence = best->evidence,
		.from_note = true,
		.note = best->page,
		.text_offset = best->note.text_offset,
		.physical_base = best->note.physical_base,
		.root_symbol = {best->note.root_symbol},
		.text_symbol = {best->note.text_symbol},
		.idt = idt,
		.refused_count = search->refused_count,
	};

	memcpy(root.release, best->note.release, sizeof root.release);
	return root;
}

status guest_root_find(struct guest_memory *memory, struct guest_root *ret_root)
{
	struct search search = {.memory = memory};
	const struct candidate *best = NULL;
	struct guest_va idt = {0};

	TRY(collect_cpus(&search, &idt));
	TRY(scan_all(&search));
	if (search.registers_known)
		drop_unused(&search);
	if (search.candidate_count > 0) {
		TRY(choose(&search, &best));
		*ret_root = root_of(&search, best, idt);
		return STATUS_OK;
	}
	status result = guest_root_from_registers(memory, ret_root);
	if (result == STATUS_OK)
		ret_root->refused_count = search.refused_count;
	if (result != STATUS_MISSING)
		return result;
	return report(
		STATUS_MISSING,
		"no Linux kernel found: no valid VMCOREINFO in RAM (%u refused) and no CPU in 64-bit paging known; "
		"the guest may still be booting, or not be a 64-bit Linux",
		search.refused_count);
}
