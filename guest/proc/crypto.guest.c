/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/crypto (crypto/proc.c, and the show function of each type of algorithm in
 * crypto/; 5.10 to 7.2). */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/basic.h"
#include "guest/proc/types/module.h"

#include "guest/kernel/guestc-types-begin.h"

struct crypto_type {
	const void *show;
};

struct cipher_alg {
	unsigned int cia_min_keysize, cia_max_keysize;
};

struct crypto_alg {
	struct list_head cra_list;
	u32 cra_flags, cra_blocksize;
	int cra_priority;
	refcount_t cra_refcnt;
	char cra_name[128], cra_driver_name[128];
	const struct crypto_type *cra_type;
	struct {
		struct cipher_alg cipher;
	} cra_u;
	struct module *cra_module;
};

struct skcipher_alg {
	unsigned int min_keysize, max_keysize, ivsize, chunksize, statesize, walksize;
	struct crypto_alg base;
};

struct skcipher_alg_common {
	unsigned int min_keysize, max_keysize, ivsize, chunksize, statesize;
	struct crypto_alg base;
};

struct shash_alg {
	unsigned int digestsize;
	struct crypto_alg base;
};

struct hash_alg_common {
	unsigned int digestsize;
	struct crypto_alg base;
};

struct aead_alg {
	unsigned int ivsize, maxauthsize;
	struct crypto_alg base;
};

struct rng_alg {
	unsigned int seedsize;
	struct crypto_alg base;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	NAME_SIZE = 128, /* CRYPTO_MAX_ALG_NAME */
	TYPE_MASK = 15, /* CRYPTO_ALG_… (include/linux/crypto.h) */
	TYPE_CIPHER = 1,
	TYPE_COMPRESS = 2,
	FLAG_LARVAL = 0x10,
	FLAG_ASYNC = 0x80,
	FLAG_TESTED = 0x400,
	FLAG_INTERNAL = 0x2000,
};

extern struct list_head crypto_alg_list;
extern int fips_enabled;

/* Where the algorithm is kept in what its type has more; each is one field of a
 * struct, in newer kernels of one without a name. */
static void show_skcipher(struct seq *seq, const struct crypto_alg *algorithm)
{
	const struct skcipher_alg *cipher = container_of(algorithm, struct skcipher_alg, base);

	seq_printf(seq, "type         : skcipher\nasync        : %s\nblocksize    : %u\n",
		   (algorithm->cra_flags & FLAG_ASYNC) != 0 ? "yes" : "no", algorithm->cra_blocksize);
	seq_printf(seq,
		   "min keysize  : %u\nmax keysize  : %u\nivsize       : %u\nchunksize    : %u\nwalksize     : %u\n",
		   cipher->min_keysize, cipher->max_keysize, cipher->ivsize, cipher->chunksize, cipher->walksize);
	if (field_exists(struct skcipher_alg, statesize))
		seq_printf(seq, "statesize    : %u\n", cipher->statesize);
}

static void show_lskcipher(struct seq *seq, const struct crypto_alg *algorithm)
{
	const struct skcipher_alg_common *cipher = container_of(algorithm, struct skcipher_alg_common, base);

	seq_printf(seq, "type         : lskcipher\nblocksize    : %u\nmin keysize  : %u\nmax keysize  : %u\n",
		   algorithm->cra_blocksize, cipher->min_keysize, cipher->max_keysize);
	seq_printf(seq, "ivsize       : %u\nchunksize    : %u\n", cipher->ivsize, cipher->chunksize);
	if (field_exists(struct skcipher_alg_common, statesize))
		seq_printf(seq, "statesize    : %u\n", cipher->statesize);
}

static void show_shash(struct seq *seq, const struct crypto_alg *algorithm)
{
	seq_printf(seq, "type         : shash\nblocksize    : %u\ndigestsize   : %u\n", algorithm->cra_blocksize,
		   container_of(algorithm, struct shash_alg, base)->digestsize);
}

static void show_ahash(struct seq *seq, const struct crypto_alg *algorithm)
{
	seq_printf(seq, "type         : ahash\nasync        : %s\nblocksize    : %u\ndigestsize   : %u\n",
		   (algorithm->cra_flags & FLAG_ASYNC) != 0 ? "yes" : "no", algorithm->cra_blocksize,
		   container_of(algorithm, struct hash_alg_common, base)->digestsize);
}

static void show_aead(struct seq *seq, const struct crypto_alg *algorithm)
{
	const struct aead_alg *aead = container_of(algorithm, struct aead_alg, base);

	seq_printf(seq, "type         : aead\nasync        : %s\nblocksize    : %u\n",
		   (algorithm->cra_flags & FLAG_ASYNC) != 0 ? "yes" : "no", algorithm->cra_blocksize);
	seq_printf(seq, "ivsize       : %u\nmaxauthsize  : %u\ngeniv        : <none>\n", aead->ivsize,
		   aead->maxauthsize);
}

static void show_rng(struct seq *seq, const struct crypto_alg *algorithm)
{
	seq_printf(seq, "type         : rng\nseedsize     : %u\n",
		   container_of(algorithm, struct rng_alg, base)->seedsize);
}

/* What is called this way says its name only. */
static bool show_by_name(struct seq *seq, const char *function)
{
	static const char *const types[][2] = {{"crypto_akcipher_show", "akcipher"},
					       {"crypto_kpp_show", "kpp"},
					       {"crypto_sig_show", "sig"},
					       {"crypto_acomp_show", "acomp"},
					       {"crypto_scomp_show", "scomp"}};

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(function, types[i][0]) != 0)
			continue;
		seq_printf(seq, "type         : %s\n", types[i][1]);
		return true;
	}
	return false;
}

static void show_type(struct seq *seq, const struct crypto_alg *algorithm)
{
	static const struct {
		const char *function;
		void (*show)(struct seq *seq, const struct crypto_alg *algorithm);
	} types[] = {{"crypto_skcipher_show", show_skcipher}, {"crypto_lskcipher_show", show_lskcipher},
		     {"crypto_shash_show", show_shash},	      {"crypto_ahash_show", show_ahash},
		     {"crypto_aead_show", show_aead},	      {"crypto_rng_show", show_rng}};
	char function[SYMBOL_NAME_SIZE];

	symbol_text(algorithm->cra_type->show, function);
	if (show_by_name(seq, function))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(function, types[i].function) == 0) {
			types[i].show(seq, algorithm);
			return;
		}
	}
	seq_fault(seq, "what %s() writes is missing", function);
}

static void show_simple(struct seq *seq, const struct crypto_alg *algorithm)
{
	switch (algorithm->cra_flags & TYPE_MASK) {
	case TYPE_CIPHER:
		seq_printf(seq, "type         : cipher\nblocksize    : %u\nmin keysize  : %u\nmax keysize  : %u\n",
			   algorithm->cra_blocksize, algorithm->cra_u.cipher.cia_min_keysize,
			   algorithm->cra_u.cipher.cia_max_keysize);
		break;
	case TYPE_COMPRESS: seq_puts(seq, "type         : compression\n"); break;
	default: seq_puts(seq, "type         : unknown\n"); break;
	}
}

static void line(struct seq *seq, const char *label, const char *text)
{
	char copy[NAME_SIZE];

	guest_string_copy(copy, sizeof copy, text);
	seq_printf(seq, "%-13s: %s\n", label, copy);
}

/* c_show() */
static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct crypto_alg *algorithm = row->object;
	const struct module *module = algorithm->cra_module;
	u32 flags = algorithm->cra_flags;
	struct seq *seq = row->seq;

	line(seq, "name", algorithm->cra_name);
	line(seq, "driver", algorithm->cra_driver_name);
	line(seq, "module", module != NULL ? module->name : "kernel");
	seq_printf(seq, "priority     : %d\nrefcnt       : %u\n", algorithm->cra_priority,
		   (u32)algorithm->cra_refcnt.refs.counter);
	seq_printf(seq, "selftest     : %s\ninternal     : %s\n", (flags & FLAG_TESTED) != 0 ? "passed" : "unknown",
		   (flags & FLAG_INTERNAL) != 0 ? "yes" : "no");
	if (symbol_exists(fips_enabled) && fips_enabled != 0)
		seq_fault(seq, "what FIPS says of an algorithm is missing");
	if ((flags & FLAG_LARVAL) != 0)
		seq_printf(seq, "type         : larval\nflags        : 0x%x\n", flags);
	else if (algorithm->cra_type != NULL && algorithm->cra_type->show != NULL)
		show_type(seq, algorithm);
	else
		show_simple(seq, algorithm);
	seq_putc(seq, '\n');
}

void crypto_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "an algorithm is missing"};
	struct row_loop loop = ROW_LOOP;
	const struct crypto_alg *algorithm;

	list_for_each_entry (algorithm, &crypto_alg_list, cra_list) {
		row_loop_check(&loop, algorithm);
		rows_show(&rows, algorithm);
	}
}
