/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs, maps and links of BPF (kernel/bpf/syscall.c, arraymap.c, hashtab.c, lpm_trie.c, cgroup.c, 5.10 to 7.2):
 * systemd holds some for the services that it starts. */
#include "guest/proc/fault.h"
#include "guest/proc/fdinfo.h"
#include "guest/proc/memory.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/kernfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct bpf_prog_stats {
	u64 nsecs, cnt;
	u64 misses; /* from 5.12 */
};

struct bpf_prog_aux {
	u32 id;
	u32 verified_insns; /* from 5.16 */
	struct bpf_prog_stats *stats; /* of each CPU; before 5.12 */
};

struct bpf_prog {
	u16 pages;
	u32 jited : 32;
	u32 type : 32;
	u8 tag[8];
	struct bpf_prog_stats *stats; /* of each CPU; from 5.12 */
	struct bpf_prog_aux *aux;
};

struct bpf_map_ops {
	const void *map_mem_usage; /* from 6.4 */
};

struct bpf_map_memory {
	u32 pages;
};

struct bpf_map_owner {
	u32 type : 32;
	bool jited;
};

struct bpf_map {
	const struct bpf_map_ops *ops;
	u32 map_type : 32;
	u32 key_size, value_size, max_entries, map_flags, id;
	u64 map_extra; /* from 5.16 */
	struct bpf_map_memory memory; /* before 5.11 */
	struct bpf_map_owner *owner; /* where there is such a struct */
	bool frozen;
};

struct bpf_map___middle {
	struct {
		u32 type : 32;
		bool jited;
	} owner; /* 5.18 to 6.16, but for repaired versions */
};

struct bpf_array_aux {
	struct {
		u32 type : 32;
		bool jited;
	} owner; /* before 5.18 */
};

struct bpf_array {
	struct bpf_map map;
	struct bpf_array_aux *aux;
	u32 elem_size;
};

struct bucket {
	struct hlist_head head;
};

struct bpf_htab {
	struct bpf_map map;
	void *extra_elems; /* NULL: it has none */
	struct percpu_counter pcount;
	atomic_t count;
	bool use_percpu_counter;
	u32 n_buckets, elem_size;
	int *map_locked[8]; /* before 6.15 */
};

struct lpm_trie_node {
	u32 prefixlen;
};

struct lpm_trie {
	struct bpf_map map;
	u64 n_entries, data_size;
};

struct bpf_link_ops {
	const void *show_fdinfo;
};

struct bpf_link {
	u32 id;
	u32 type : 32;
	u32 attach_type : 32; /* from 6.17 */
	const struct bpf_link_ops *ops;
	struct bpf_prog *prog;
};

struct bpf_cgroup_link {
	struct bpf_link link;
	struct cgroup *cgroup;
	u32 type : 32; /* before 6.17 */
};

#include "guest/kernel/guestc-types-end.h"

enum {
	PAGE_SIZE = 4096,
	TAG_SIZE = 8,
	WORD_SIZE = 8,
	MAP_PROG_ARRAY = 3, /* BPF_MAP_TYPE_… */
	MAP_EVENT_ARRAY = 4,
	MAP_PERCPU_HASH = 5,
	MAP_PERCPU_ARRAY = 6,
	MAP_CGROUP_ARRAY = 8,
	MAP_LRU_HASH = 9,
	MAP_PERCPU_LRU_HASH = 10,
	MAP_ARRAY_OF_MAPS = 12,
	MAP_HASH_OF_MAPS = 13,
	MAP_DEVICES = 14,
	MAP_CPUS = 16,
	MAP_PERCPU_STORAGE = 21,
	FLAG_NO_PREALLOC = 1, /* BPF_F_… */
	FLAG_MMAPABLE = 1 << 10,
	LINK_NAME_SIZE = 32,
};

extern const char array_map_mem_usage, htab_map_mem_usage, trie_mem_usage, bpf_cgroup_link_show_fdinfo;
extern const char *bpf_link_type_strs[];

static void show_tag(struct seq *seq, const struct bpf_prog *program)
{
	seq_puts(seq, "prog_tag:\t");
	for (u32 i = 0; i < TAG_SIZE; i++)
		seq_printf(seq, "%02x", program->tag[i]);
	seq_putc(seq, '\n');
}

void fdinfo_bpf_program_show(struct seq *seq, const struct file *file)
{
	const struct bpf_prog *program = file->private_data;
	const struct bpf_prog_aux *more = program->aux;
	bool counts_misses = field_exists(struct bpf_prog_stats, misses);
	const struct bpf_prog_stats *all;
	u64 ns = 0, count = 0, misses = 0;
	u32 cpu;

	if (field_exists(struct bpf_prog, stats))
		all = program->stats;
	else
		all = more->stats;
	for_each_possible_cpu (cpu) {
		const struct bpf_prog_stats *statistics = per_cpu_ptr(all, cpu);

		ns += statistics->nsecs;
		count += statistics->cnt;
		if (counts_misses)
			misses += statistics->misses;
	}
	seq_printf(seq, "prog_type:\t%u\nprog_jited:\t%u\n", program->type, program->jited);
	show_tag(seq, program);
	seq_printf(seq, "memlock:\t%llu\nprog_id:\t%u\nrun_time_ns:\t%llu\nrun_cnt:\t%llu\n",
		   (u64)program->pages * PAGE_SIZE, more->id, ns, count);
	if (counts_misses)
		seq_printf(seq, "recursion_misses:\t%llu\n", misses);
	if (field_exists(struct bpf_prog_aux, verified_insns))
		seq_printf(seq, "verified_insns:\t%u\n", more->verified_insns);
}

static u64 round_to(u64 value, u64 unit)
{
	return (value + unit - 1) / unit * unit;
}

static u32 count_cpus(void)
{
	u32 cpu, count = 0;

	for_each_possible_cpu (cpu)
		count++;
	return count;
}

/* array_map_mem_usage() */
static u64 array_size(const struct bpf_array *array)
{
	u64 entries = array->map.max_entries, bytes = entries * array->elem_size, size = type_size(struct bpf_array);

	if (array->map.map_type == MAP_PERCPU_ARRAY)
		return size + entries * sizeof(u64) + bytes * count_cpus();
	if ((array->map.map_flags & FLAG_MMAPABLE) != 0)
		return round_to(size, PAGE_SIZE) + round_to(bytes, PAGE_SIZE);
	return size + bytes;
}

/* How many elements a table has that makes room as they come. */
static u64 element_count(const struct bpf_htab *table)
{
	return table->use_percpu_counter ? memory_counter_sum(&table->pcount) : (u32)table->count.counter;
}

/* htab_map_mem_usage() */
static u64 table_size(const struct bpf_htab *table)
{
	const struct bpf_map *map = &table->map;
	u32 cpus = count_cpus(), type = map->map_type;
	bool is_percpu = type == MAP_PERCPU_HASH || type == MAP_PERCPU_LRU_HASH;
	u64 values = is_percpu ? round_to(map->value_size, WORD_SIZE) * cpus : 0, element = table->elem_size, count;
	u64 size = type_size(struct bpf_htab) + type_size(struct bucket) * table->n_buckets;

	if (field_exists(struct bpf_htab, map_locked))
		size += field_size(struct bpf_htab, map_locked) / WORD_SIZE * sizeof(int) * cpus;
	if ((map->map_flags & FLAG_NO_PREALLOC) != 0) {
		/* In front of each: a word of the allocator's, and where its values are a pointer to them and another.
		 */
		return size + (element + WORD_SIZE + values + (is_percpu ? 2 * WORD_SIZE : 0)) * element_count(table);
	}
	count = map->max_entries + (table->extra_elems != NULL ? cpus : 0);
	size += (element + values) * count;
	return is_percpu || type == MAP_LRU_HASH ? size : size + (u64)WORD_SIZE * cpus;
}

/* trie_mem_usage() */
static u64 trie_size(const struct lpm_trie *trie)
{
	return (type_size(struct lpm_trie_node) + trie->data_size + trie->map.value_size) * READ_ONCE(trie->n_entries);
}

/* bpf_map_memory_footprint() */
static u64 supposed_size(const struct bpf_map *map)
{
	u64 value;

	switch (map->map_type) {
	case MAP_PERCPU_HASH:
	case MAP_PERCPU_LRU_HASH:
	case MAP_PERCPU_STORAGE:
	case MAP_PERCPU_ARRAY: value = round_to(map->value_size, WORD_SIZE) * count_cpus(); break;
	case MAP_PROG_ARRAY:
	case MAP_EVENT_ARRAY:
	case MAP_CGROUP_ARRAY:
	case MAP_ARRAY_OF_MAPS:
	case MAP_HASH_OF_MAPS: value = sizeof(u32); break;
	default: value = map->value_size;
	}
	return round_to(map->max_entries * round_to(map->key_size + value, WORD_SIZE), PAGE_SIZE);
}

/* What a map takes of memory was counted in pages first, then supposed for all kinds alike; each kind has a function
 * of its own since. */
static u64 map_size(struct seq *seq, const struct bpf_map *map)
{
	char name[SYMBOL_NAME_SIZE];

	if (field_exists(struct bpf_map, memory))
		return (u64)map->memory.pages * PAGE_SIZE;
	if (!field_exists(struct bpf_map_ops, map_mem_usage))
		return supposed_size(map);
	if (symbol_exists(array_map_mem_usage) && (u64)map->ops->map_mem_usage == (u64)&array_map_mem_usage)
		return array_size(container_of(map, struct bpf_array, map));
	if (symbol_exists(htab_map_mem_usage) && (u64)map->ops->map_mem_usage == (u64)&htab_map_mem_usage)
		return table_size(container_of(map, struct bpf_htab, map));
	if (symbol_exists(trie_mem_usage) && (u64)map->ops->map_mem_usage == (u64)&trie_mem_usage)
		return trie_size(container_of(map, struct lpm_trie, map));
	symbol_text(map->ops->map_mem_usage, name);
	seq_fault(seq, "the size of a BPF map is missing, which %s() counts", name);
	return 0;
}

/* map_type_contains_progs() */
static bool has_programs(const struct bpf_map *map)
{
	return map->map_type == MAP_PROG_ARRAY || map->map_type == MAP_DEVICES || map->map_type == MAP_CPUS;
}

/* Who may call a map's programs: nobody was asked yet where the type is 0. */
static void show_owner(struct seq *seq, const struct bpf_map *map)
{
	u32 type = 0, jited = 0;

	if (type_exists(struct bpf_map_owner)) {
		const struct bpf_map_owner *owner = READ_ONCE(map->owner);

		type = owner != NULL ? owner->type : 0;
		jited = owner != NULL && owner->jited;
	} else if (map->map_type == MAP_PROG_ARRAY && field_exists(struct bpf_array_aux, owner.type)) {
		const struct bpf_array_aux *aux = container_of(map, struct bpf_array, map)->aux;

		type = aux->owner.type;
		jited = aux->owner.jited;
	} else if (has_programs(map) && field_exists(struct bpf_map___middle, owner.type)) {
		const struct bpf_map___middle *middle = (const struct bpf_map___middle *)map;

		type = middle->owner.type;
		jited = middle->owner.jited;
	}
	if (type != 0)
		seq_printf(seq, "owner_prog_type:\t%u\nowner_jited:\t%u\n", type, jited);
}

void fdinfo_bpf_map_show(struct seq *seq, const struct file *file)
{
	const struct bpf_map *map = file->private_data;

	seq_printf(seq, "map_type:\t%u\nkey_size:\t%u\nvalue_size:\t%u\nmax_entries:\t%u\nmap_flags:\t0x%x\n",
		   map->map_type, map->key_size, map->value_size, map->max_entries, map->map_flags);
	if (field_exists(struct bpf_map, map_extra))
		seq_printf(seq, "map_extra:\t0x%llx\n", map->map_extra);
	seq_printf(seq, "memlock:\t%llu\nmap_id:\t%u\nfrozen:\t%u\n", map_size(seq, map), map->id,
		   READ_ONCE(map->frozen));
	show_owner(seq, map);
}

/* The kernel's own table of names. */
static void show_link_type(struct seq *seq, u32 type)
{
	const char *const *place = &bpf_link_type_strs[type];
	char name[LINK_NAME_SIZE];

	if (symbol_start((u64)place) != (u64)bpf_link_type_strs || READ_ONCE(*place) == NULL) {
		seq_printf(seq, "link_type:\t<%u>\n", type);
		return;
	}
	guest_string_copy(name, sizeof name, READ_ONCE(*place));
	seq_printf(seq, "link_type:\t%s\n", name);
}

static void show_cgroup_link(struct seq *seq, const struct bpf_cgroup_link *link)
{
	const struct cgroup *cgroup = READ_ONCE(link->cgroup);
	u64 id = cgroup != NULL ? cgroup->kn->id : 0;
	u32 type;

	if (field_exists(struct bpf_cgroup_link, type))
		type = link->type;
	else
		type = link->link.attach_type;
	seq_printf(seq, "cgroup_id:\t%llu\nattach_type:\t%d\n", id, (int)type);
}

void fdinfo_bpf_link_show(struct seq *seq, const struct file *file)
{
	const struct bpf_link *link = file->private_data;
	const struct bpf_prog *program = READ_ONCE(link->prog);
	const void *function = link->ops->show_fdinfo;
	char name[SYMBOL_NAME_SIZE];

	show_link_type(seq, link->type);
	seq_printf(seq, "link_id:\t%u\n", link->id);
	if (program != NULL) {
		show_tag(seq, program);
		seq_printf(seq, "prog_id:\t%u\n", program->aux->id);
	}
	if (function == NULL)
		return;
	if (symbol_exists(bpf_cgroup_link_show_fdinfo) && (u64)function == (u64)&bpf_cgroup_link_show_fdinfo) {
		show_cgroup_link(seq, container_of(link, struct bpf_cgroup_link, link));
		return;
	}
	symbol_text(function, name);
	seq_fault(seq, "what %s() writes is missing", name);
}
