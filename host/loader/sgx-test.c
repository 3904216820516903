/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend `sgx` against the model of driver and CPU in fake-sgx.c. */
#include "base/test.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "host/image/measure.h"
#include "host/loader/fake-sgx-sign.h"
#include "host/loader/fake-sgx.h"
#include "host/loader/sgx-enclave.h"
#include "host/loader/sgx-words.h"

extern uint64_t fake_sgx_leak;

static char message[1024];
static uint32_t message_count;

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	message_count++;
	snprintf(message, sizeof message, "%s", text);
}

/* An image: three segments of a page each, and notes. */
static struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[4];
	struct {
		Elf64_Nhdr header;
		char owner[12];
		struct image_note_manifest manifest;
	} manifest;
	struct {
		Elf64_Nhdr header;
		char owner[12];
		struct image_note_exit exit;
	} __attribute__((packed)) exit;
	struct {
		Elf64_Nhdr header;
		char owner[12];
		char nothing[4]; /* 1 or 2 of them are the note's */
	} paths, environment, calls, programs;
	_Alignas(4096) uint8_t code[4096];
	uint8_t data[4096];
} elf;

static struct image *image;
static uint8_t mrenclave[SGX_HASH_SIZE];
static struct sgx_sigstruct sigstruct;

static Elf64_Phdr segment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t size)
{
	return (Elf64_Phdr){.p_type = type,
			    .p_flags = flags,
			    .p_offset = offset,
			    .p_vaddr = offset,
			    .p_filesz = size,
			    .p_memsz = size,
			    .p_align = 4096};
}

static void make_elf(uint32_t thread_count)
{
	const uint64_t notes = offsetof(struct elf, manifest),
		       notes_end = offsetof(struct elf, programs) + sizeof elf.programs;

	memset(&elf, 0, sizeof elf);
	elf.header = (Elf64_Ehdr){.e_type = ET_DYN,
				  .e_machine = EM_X86_64,
				  .e_version = EV_CURRENT,
				  .e_phoff = offsetof(struct elf, segments),
				  .e_phnum = ARRAY_COUNT(elf.segments),
				  .e_phentsize = sizeof(Elf64_Phdr),
				  .e_ehsize = sizeof(Elf64_Ehdr),
				  .e_entry = offsetof(struct elf, code)};
	memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.header.e_ident[EI_VERSION] = EV_CURRENT;
	elf.segments[0] = segment(PT_LOAD, PF_R, 0, notes_end);
	elf.segments[1] = segment(PT_LOAD, PF_R | PF_X, offsetof(struct elf, code), sizeof elf.code);
	elf.segments[2] = segment(PT_LOAD, PF_R | PF_W, offsetof(struct elf, data), sizeof elf.data);
	elf.segments[3] = segment(PT_NOTE, PF_R, notes, notes_end - notes);
	elf.segments[3].p_align = 4;
	elf.manifest.header = (Elf64_Nhdr){sizeof IMAGE_NOTE_OWNER, sizeof elf.manifest.manifest, IMAGE_NOTE_MANIFEST};
	memcpy(elf.manifest.owner, IMAGE_NOTE_OWNER, sizeof IMAGE_NOTE_OWNER);
	elf.manifest.manifest = (struct image_note_manifest){
		.heap_size = 3 << 20, .stack_size = 1 << 16, .thread_count = thread_count, .isv_prod_id = 1};
	elf.exit.header = (Elf64_Nhdr){sizeof IMAGE_NOTE_OWNER, sizeof elf.exit.exit, IMAGE_NOTE_EXIT};
	memcpy(elf.exit.owner, IMAGE_NOTE_OWNER, sizeof IMAGE_NOTE_OWNER);
	elf.exit.exit.offset = (int64_t)offsetof(struct elf, code) - (int64_t)offsetof(struct elf, exit.exit);
	elf.paths.header = (Elf64_Nhdr){sizeof IMAGE_NOTE_OWNER, 1, IMAGE_NOTE_PATHS};
	memcpy(elf.paths.owner, IMAGE_NOTE_OWNER, sizeof IMAGE_NOTE_OWNER);
	elf.environment = elf.paths;
	elf.environment.header.n_type = IMAGE_NOTE_ENVIRONMENT;
	elf.calls = elf.paths;
	elf.calls.header = (Elf64_Nhdr){sizeof IMAGE_NOTE_OWNER, 2, IMAGE_NOTE_CALLS};
	memset(elf.calls.nothing, 0xff, 2); /* IMAGE_NOTE_CALLS_END */
	elf.programs = elf.paths;
	elf.programs.header.n_type = IMAGE_NOTE_PROGRAMS;
	memcpy(elf.code, "\x0f\x01\xd7\x0f\x0b", 5);
	for (size_t i = 0; i < sizeof elf.data; i++)
		elf.data[i] = (uint8_t)(i * 31 + i / 7);
}

static void sign(void)
{
	fake_sgx_sigstruct_init((uint8_t *)&sigstruct, mrenclave);
	fake_sgx_sigstruct_sign((uint8_t *)&sigstruct);
}

static int set_up(void **state)
{
	(void)state;
	fake_sgx_reset();
	report_sink_set(sink, NULL);
	message[0] = '\0';
	message_count = 0;
	make_elf(2);
	assert_int_equal(image_create("test", (struct span){(const uint8_t *)&elf, sizeof elf}, &image), STATUS_OK);
	assert_int_equal(measure_image(image, mrenclave), STATUS_OK);
	sign();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	image_destroy(image);
	return 0;
}

static status load(struct sgx_enclave *ret_enclave)
{
	message_count = 0;
	return sgx_enclave_init(&fake_sgx_kernel, image, &sigstruct, ret_enclave);
}

static void nothing_is_left(void)
{
	assert_int_equal(fake_sgx.open_count, 0);
	assert_int_equal(fake_sgx.mapped_size, 0);
}

static void refused(status fault, const char *words)
{
	struct sgx_enclave enclave;
	status result = load(&enclave);

	if (result != fault || strstr(message, words) == NULL || message_count != 1)
		fail_msg("%s instead of %s: \"%s\" should say \"%s\", once, not %u times", status_name(result),
			 status_name(fault), message, words, message_count);
	nothing_is_left();
}

static void accepted(void)
{
	struct sgx_enclave enclave;

	if (load(&enclave) != STATUS_OK)
		fail_msg("%s (%s)", message, fake_sgx.refusal);
	assert_true(fake_sgx.initialised);
	assert_int_equal(fake_sgx.page_count, image->page_count);
	assert_memory_equal(fake_sgx.mrenclave, mrenclave, sizeof mrenclave);
	assert_int_equal(fake_sgx.mapped_size, image->size);
	sgx_enclave_deinit(&enclave);
	nothing_is_left();
}

static void an_image_is_loaded_as_it_was_measured_and_signed(void **state)
{
	(void)state;
	accepted();
	assert_int_equal(message_count, 0);
	/* Runs go to the driver in pieces of a megabyte: the heap alone is three. */
	assert_int_equal(fake_sgx.add_count, image->run_count + 2);
}

static void a_driver_that_stops_halfway_is_asked_again(void **state)
{
	(void)state;
	fake_sgx.pages_per_call = 1;
	accepted();
	assert_int_equal(fake_sgx.add_count, image->page_count);
	fake_sgx_reset();
	fake_sgx.pages_per_call = 7;
	accepted();
	fake_sgx_reset();
	fake_sgx.interruptions = 500;
	accepted();
}

static void a_driver_that_never_gets_on_is_given_up(void **state)
{
	(void)state;
	fake_sgx.interruptions = UINT32_MAX;
	refused(STATUS_IO, "signals interrupt every attempt");
}

static void a_driver_that_claims_too_much_is_not_believed(void **state)
{
	static const uint64_t lies[] = {1, 4096, UINT64_MAX - 4095, 1 << 20};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
		fake_sgx_reset();
		fake_sgx.count_lie = lies[i];
		refused(STATUS_IO, "the SGX driver says that it added");
	}
}

/* Whatever fails, whenever: one sentence, and nothing stays behind. */
static void each_failure_of_each_call_becomes_a_sentence_and_leaves_nothing(void **state)
{
	static const int errors[] = {EPERM,  ENOENT, EIO,    ENXIO,  ENOMEM, EACCES,
				     EFAULT, EBUSY,  ENODEV, EINVAL, ENOTTY, EMFILE};
	uint32_t call_count;

	(void)state;
	accepted();
	call_count = fake_sgx.call_count;
	assert_true(call_count > 2 * image->run_count);
	for (uint32_t call = 1; call <= call_count; call++)
		for (size_t i = 0; i < ARRAY_COUNT(errors); i++) {
			struct sgx_enclave enclave;
			status result;

			fake_sgx_reset();
			fake_sgx.fail_call = call;
			fake_sgx.fail_error = errors[i];
			message[0] = '\0';
			result = load(&enclave);
			if (!status_is_fault(result) || message_count != 1 ||
			    strstr(message, strerror(errors[i])) == NULL)
				if (!(status_is_fault(result) && message_count == 1 && strstr(message, "backend sgx")))
					fail_msg("call %u, %s: %s, \"%s\" (%u)", call, strerror(errors[i]),
						 status_name(result), message, message_count);
			nothing_is_left();
		}
}

static void each_way_in_which_a_machine_has_no_enclaves_is_said(void **state)
{
	(void)state;
	fake_sgx.cpu.sgx = false;
	refused(STATUS_UNSUPPORTED, "this CPU has no SGX");
	fake_sgx_reset();
	fake_sgx.cpu.sgx1 = false;
	refused(STATUS_UNSUPPORTED, "switched off");
	fake_sgx_reset();
	fake_sgx.cpu.launch_control = false;
	refused(STATUS_UNSUPPORTED, "launch control");
	fake_sgx_reset();
	fake_sgx.cpu.rdrand = false;
	refused(STATUS_UNSUPPORTED, "RDRAND");
	fake_sgx_reset();
	fake_sgx.cpu.epc = false;
	refused(STATUS_UNSUPPORTED, "EPC");
	fake_sgx_reset();
	fake_sgx.cpu.fsgsbase = false;
	refused(STATUS_UNSUPPORTED, "WRFSBASE");
	fake_sgx_reset();
	fake_sgx.cpu.vdso = false;
	refused(STATUS_UNSUPPORTED, "__vdso_sgx_enter_enclave");
	fake_sgx_reset();
	fake_sgx.open_error = ENOENT;
	refused(STATUS_UNSUPPORTED, "no device /dev/sgx_enclave");
	fake_sgx_reset();
	fake_sgx.open_error = EACCES;
	refused(STATUS_UNSUPPORTED, "usermod -aG sgx");
	fake_sgx_reset();
	fake_sgx.dev_noexec = true;
	refused(STATUS_UNSUPPORTED, "noexec");
	fake_sgx_reset();
	fake_sgx.read_implies_exec = true;
	refused(STATUS_UNSUPPORTED, "setarch -X");
}

static void a_refused_signature_is_said(void **state)
{
	(void)state;
	sigstruct.signature[0] ^= 1;
	refused(STATUS_DENIED, "the CPU refuses the SIGSTRUCT");
	assert_int_equal(fake_sgx.einit_code, 8);
	fake_sgx_reset();
	fake_sgx.einit_code_returned = true;
	refused(STATUS_DENIED, "SGX_INVALID_SIGNATURE");
	sign();
	sigstruct.header[0] = 0;
	refused(STATUS_DENIED, "SGX_INVALID_SIG_STRUCT");
}

static void an_image_with_one_changed_byte_is_refused(void **state)
{
	(void)state;
	fake_sgx.einit_code_returned = true;
	elf.data[100] ^= 1;
	refused(STATUS_DENIED, "SGX_INVALID_MEASUREMENT");
}

static void a_signature_for_other_attributes_is_refused_before_the_cpu_does(void **state)
{
	(void)state;
	sigstruct.attributes.flags |= SGX_ATTRIBUTE_DEBUG;
	refused(STATUS_DENIED, "signed for attributes 0x6");
	sign();
	sigstruct.attributes.xfrm = sigstruct.attributes_mask.xfrm = 0x20003;
	refused(STATUS_UNSUPPORTED, "state components");
	sign();
	sigstruct.misc_select = sigstruct.misc_mask = 2;
	refused(STATUS_UNSUPPORTED, "MISCSELECT");
	sign();
	fake_sgx.cpu.attributes = 0x32;
	refused(STATUS_UNSUPPORTED, "attributes");
	fake_sgx_reset();
	fake_sgx.cpu.size_bits = 20;
	refused(STATUS_UNSUPPORTED, "less than 2 to 20");
	fake_sgx.cpu.size_bits = (unsigned)__builtin_ctzll(image->size);
	refused(STATUS_UNSUPPORTED, "less than 2 to");
	fake_sgx.cpu.size_bits++;
	accepted();
}

/* The model refuses whatever ECREATE would. */
static void state_components_are_those_of_cpu_system_and_signature(void **state)
{
	static const uint64_t of_cpu[] = {0x3, 0x7, 0x207, 0x2e7, 0xe7, 0x602e7, 0x27, 0xe3};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(of_cpu); i++)
		for (size_t j = 0; j < ARRAY_COUNT(of_cpu); j++) {
			fake_sgx_reset();
			fake_sgx.cpu.xfrm = of_cpu[i];
			fake_sgx.cpu.xcr0 = of_cpu[j];
			accepted();
		}
	fake_sgx_reset();
	fake_sgx.cpu.misc_select = 0;
	accepted();
	fake_sgx_reset();
	fake_sgx.cpu.xcr0 = 0;
	accepted();
	sigstruct.attributes.xfrm = 7;
	sigstruct.attributes_mask.xfrm = UINT64_MAX;
	sigstruct.misc_select = 0;
	sigstruct.misc_mask = UINT32_MAX;
	fake_sgx_sigstruct_sign((uint8_t *)&sigstruct);
	fake_sgx_reset();
	accepted();
	fake_sgx.cpu.xcr0 = 3;
	refused(STATUS_UNSUPPORTED, "XFRM 0x7");
}

static void enter(struct sgx_enclave *enclave, bool resume, uint64_t rdi, uint64_t rsi, struct sgx_exit *ret_exit)
{
	if (sgx_enclave_enter(enclave, 0, resume, rdi, rsi, ret_exit) != STATUS_OK)
		fail_msg("%s (%s)", message, fake_sgx.refusal);
}

/* A program calls, gets its answer, faults, its handler calls and lets it go on. */
static void entering_and_leaving_follow_the_image(void **state)
{
	static const struct fake_sgx_step script[] = {
		{.leaf = ENCLU_EENTER,
		 .rdi = IMAGE_ENTRY_START,
		 .rsi = 0x1000,
		 .exit_rdi = IMAGE_EXIT_CALL,
		 .exit_rsi = 5},
		{.leaf = ENCLU_EENTER,
		 .rdi = IMAGE_ENTRY_RETURN,
		 .exception = true,
		 .vector = 6,
		 .error_code = 0,
		 .address = 0x77},
		{.leaf = ENCLU_EENTER, .rdi = 9, .exit_rdi = IMAGE_EXIT_CALL},
		{.leaf = ENCLU_EENTER, .rdi = IMAGE_ENTRY_RETURN, .exit_rdi = IMAGE_EXIT_RESUME},
		{.leaf = ENCLU_ERESUME, .exception = true, .vector = 14, .error_code = 6, .address = 0xabc000},
		{.leaf = ENCLU_EENTER, .exit_rdi = IMAGE_EXIT_RESUME},
		{.leaf = ENCLU_ERESUME, .exit_rdi = IMAGE_EXIT_REFUSED, .exit_rsi = IMAGE_REFUSAL_CPU},
	};
	struct sgx_enclave enclave;
	struct sgx_exit exit;

	(void)state;
	fake_sgx.steps = script;
	fake_sgx.step_count = ARRAY_COUNT(script);
	assert_int_equal(load(&enclave), STATUS_OK);
	enter(&enclave, false, IMAGE_ENTRY_START, 0x1000, &exit);
	assert_true(!exit.exception && exit.rdi == IMAGE_EXIT_CALL && exit.rsi == 5);
	enter(&enclave, false, IMAGE_ENTRY_RETURN, 0, &exit);
	assert_true(exit.exception && exit.vector == 6 && exit.address == 0x77);
	enter(&enclave, false, 9, 0, &exit);
	assert_true(!exit.exception && exit.rdi == IMAGE_EXIT_CALL);
	enter(&enclave, false, IMAGE_ENTRY_RETURN, 0, &exit);
	assert_true(!exit.exception && exit.rdi == IMAGE_EXIT_RESUME);
	enter(&enclave, true, 0, 0, &exit);
	assert_true(exit.exception && exit.vector == 14 && exit.error_code == 6 && exit.address == 0xabc000);
	enter(&enclave, false, 0, 0, &exit);
	enter(&enclave, true, 0, 0, &exit);
	assert_true(!exit.exception && exit.rdi == IMAGE_EXIT_REFUSED && exit.rsi == IMAGE_REFUSAL_CPU);
	assert_int_equal(fake_sgx.steps_done, ARRAY_COUNT(script));
	assert_int_equal(enclave.counts.ioctls, fake_sgx.ioctl_count);
	assert_int_equal(enclave.counts.entries, 5);
	assert_int_equal(enclave.counts.resumptions, 2);
	assert_int_equal(enclave.counts.exits, 5);
	assert_int_equal(enclave.counts.exceptions, 2);
	sgx_enclave_deinit(&enclave);
	nothing_is_left();
}

/* The model's side leaves every register that it may in disorder. */
static void the_host_keeps_its_registers_and_gives_none_away(void **state)
{
	static const struct fake_sgx_step script[] = {{.leaf = ENCLU_EENTER}, {.leaf = ENCLU_EENTER}};
	struct sgx_enclave enclave;
	struct sgx_exit exit;
	volatile double tenth = 0.1;
	volatile long double exact = 1.0L, third = 3.0L;
	char forward[64] = "direction";
	uint64_t flags;

	(void)state;
	fake_sgx.steps = script;
	fake_sgx.step_count = ARRAY_COUNT(script);
	assert_int_equal(load(&enclave), STATUS_OK);
	fake_sgx_leak = 1;
	enter(&enclave, false, 0, 0, &exit);
	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	assert_int_equal(flags & (1 << 10), 0);
	assert_int_equal(fake_sgx_leak, 0);
	assert_int_equal(__builtin_ia32_stmxcsr() & 0x6000, 0);
	assert_true(tenth + 0.2 > 0.3); /* rounded to nearest; towards zero they are equal */
	assert_true(exact / third * third == exact);
	memmove(forward + 1, forward, 10);
	assert_string_equal(forward, "ddirection");
	enter(&enclave, false, 0, 0, &exit);
	sgx_enclave_deinit(&enclave);
}

static void an_enclave_that_lost_its_memory_is_an_error(void **state)
{
	static const struct fake_sgx_step script[] = {{.leaf = ENCLU_EENTER, .exception = true, .vector = 6},
						      {.leaf = ENCLU_EENTER, .exception = true, .vector = 6},
						      {.leaf = ENCLU_EENTER, .exception = true, .vector = 6}};
	struct sgx_enclave enclave;
	struct sgx_exit exit;

	(void)state;
	fake_sgx.steps = script;
	fake_sgx.step_count = ARRAY_COUNT(script);
	assert_int_equal(load(&enclave), STATUS_OK);
	assert_int_equal(sgx_enclave_enter(&enclave, 2, false, 0, 0, &exit), STATUS_INTERNAL);
	for (size_t i = 0; i < IMAGE_SSA_FRAME_COUNT; i++)
		enter(&enclave, false, 0, 0, &exit);
	/* No SSA frame is left: EENTER faults. */
	assert_int_equal(sgx_enclave_enter(&enclave, 0, false, 0, 0, &exit), STATUS_IO);
	assert_non_null(strstr(message, "exception 13"));
	fake_sgx.initialised = false;
	assert_int_equal(sgx_enclave_enter(&enclave, 1, false, 0, 0, &exit), STATUS_IO);
	assert_non_null(strstr(message, "its memory is lost"));
	sgx_enclave_deinit(&enclave);
	nothing_is_left();
}

static void every_error_has_words(void **state)
{
	(void)state;
	for (int step = SGX_STEP_CREATE; step <= SGX_STEP_MAP; step++)
		for (int error = 1; error < 140; error++) {
			status fault = STATUS_OK;

			assert_true(strlen(sgx_words_error((enum sgx_step)step, error, &fault)) > 10);
			assert_true(status_is_fault(fault));
		}
	for (int code = 1; code < 300; code++)
		assert_true(strlen(sgx_words_einit(code)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_loaded_as_it_was_measured_and_signed),
		cmocka_unit_test(a_driver_that_stops_halfway_is_asked_again),
		cmocka_unit_test(a_driver_that_never_gets_on_is_given_up),
		cmocka_unit_test(a_driver_that_claims_too_much_is_not_believed),
		cmocka_unit_test(each_failure_of_each_call_becomes_a_sentence_and_leaves_nothing),
		cmocka_unit_test(each_way_in_which_a_machine_has_no_enclaves_is_said),
		cmocka_unit_test(a_refused_signature_is_said),
		cmocka_unit_test(an_image_with_one_changed_byte_is_refused),
		cmocka_unit_test(a_signature_for_other_attributes_is_refused_before_the_cpu_does),
		cmocka_unit_test(state_components_are_those_of_cpu_system_and_signature),
		cmocka_unit_test(entering_and_leaving_follow_the_image),
		cmocka_unit_test(the_host_keeps_its_registers_and_gives_none_away),
		cmocka_unit_test(an_enclave_that_lost_its_memory_is_an_error),
		cmocka_unit_test(every_error_has_words),
	};
	struct CMUnitTest with_fixtures[ARRAY_COUNT(tests)];

	for (size_t i = 0; i < ARRAY_COUNT(tests); i++) {
		with_fixtures[i] = tests[i];
		with_fixtures[i].setup_func = set_up;
		with_fixtures[i].teardown_func = tear_down;
	}
	return cmocka_run_group_tests(with_fixtures, NULL, NULL);
}
