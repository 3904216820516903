/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "base/report.h"
#include "lab/qemu.h"

static void swallow(void *context, status fault, const char *message)
{
}

static struct qemu_setup setup_for(const struct lab_options *options)
{
	return (struct qemu_setup){
		.options = options,
		.accelerator = "tcg",
		.kernel_path = "/k/vmlinuz",
		.initramfs_path = "/k/image",
		.state_path = "/run/a,b",
		.exec_fd = 9,
	};
}

/* The word behind `flag`, or the flag itself where `value` is NULL. */
static bool has(const struct words *words, const char *flag, const char *value)
{
	for (unsigned int i = 0; i < words->count; i++)
		if (strcmp(words->items[i], flag) == 0 && (value == NULL || strcmp(words->items[i + 1], value) == 0))
			return true;
	return false;
}

static void ram_is_a_shared_memfd_unless_private(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(has(&words, "-object", "memory-backend-memfd,id=ram0,size=512M,share=on"));
	words_deinit(&words);
	options.private_memory = true;
	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_false(has(&words, "-object", NULL));
	words_deinit(&words);
}

static void the_guests_clock_counts_instructions_where_asked_for(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_false(has(&words, "-icount", NULL));
	words_deinit(&words);
	setup.accelerator = options.accelerator = "icount";
	assert_int_equal(qemu_check(&options), STATUS_OK);
	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(has(&words, "-accel", "tcg,thread=single"));
	assert_true(has(&words, "-icount", "shift=2"));
	words_deinit(&words);
}

static void commas_in_paths_are_doubled(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(has(&words, "-qmp", "unix:/run/a,,b/qmp,server=on,wait=off"));
	words_deinit(&words);
}

static void a_network_card_is_there_where_asked_for(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_false(has(&words, "-netdev", NULL));
	assert_true(has(&words, "-append", "console=ttyS0 no_timer_check panic=-1 bartizan.name=vm"));
	words_deinit(&words);
	options.nic = "virtio";
	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(has(&words, "-netdev", "user,id=nic0,restrict=on,ipv6=off"));
	assert_true(has(&words, "-device", "virtio-net-pci,netdev=nic0,romfile="));
	assert_true(has(&words, "-append", "console=ttyS0 no_timer_check panic=-1 bartizan.name=vm bartizan.nic"));
	words_deinit(&words);
}

static void switches_reach_the_guest(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	options.pti = LAB_SWITCH_ON;
	options.kaslr = LAB_SWITCH_OFF;
	options.la57 = LAB_SWITCH_ON;
	options.no_qmp = true;
	options.append = "quiet";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(
		has(&words, "-append", "console=ttyS0 no_timer_check panic=-1 bartizan.name=vm pti=on nokaslr quiet"));
	assert_true(has(&words, "-cpu", "max,la57=on"));
	assert_false(has(&words, "-qmp", NULL));
	words_deinit(&words);
}

static void channels_are_ports_in_the_order_given(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	options.channels[0] = (struct lab_channel){"source", "/run/source"};
	options.channels[1] = (struct lab_channel){"grantor", "/dev/ze,ro"};
	options.channel_count = 2;
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(has(&words, "-chardev", "socket,id=channel0,path=/run/source,server=on,wait=off"));
	assert_true(has(&words, "-device", "virtserialport,chardev=channel0,name=source"));
	assert_true(has(&words, "-chardev", "socket,id=channel1,path=/dev/ze,,ro,server=on,wait=off"));
	assert_true(
		has(&words, "-append", "console=ttyS0 no_timer_check panic=-1 bartizan.name=vm bartizan.channels=2"));
	words_deinit(&words);
}

static void a_file_is_shared_where_asked_for(void **state)
{
	struct lab_options options = lab_options_default();
	struct words words = {};

	options.name = "vm";
	struct qemu_setup setup = setup_for(&options);

	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_false(has(&words, "-device", "ivshmem-plain,memdev=shared"));
	words_deinit(&words);
	options.shared_memory = "/dev/shm/a,b";
	assert_int_equal(qemu_words(&setup, &words), STATUS_OK);
	assert_true(
		has(&words, "-object", "memory-backend-file,id=shared,mem-path=/dev/shm/a,,b,size=2097152,share=on"));
	assert_true(has(&words, "-device", "ivshmem-plain,memdev=shared"));
	words_deinit(&words);
	report_sink_set(swallow, NULL);
	options.shared_memory = "relative";
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
}

static void impossible_channels_are_refused(void **state)
{
	struct lab_options options = lab_options_default();

	report_sink_set(swallow, NULL);
	options.channel_count = 1;
	options.channels[0] = (struct lab_channel){"source", "/nobody/listens"};
	assert_int_equal(qemu_check(&options), STATUS_OK);
	options.channels[0] = (struct lab_channel){"a/b", "/dev/null"};
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options.channels[0] = (struct lab_channel){QEMU_EXEC_PORT, "/dev/null"};
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options.channels[0] = (struct lab_channel){"source", "relative"};
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options.channels[0] = (struct lab_channel){"source", "/dev/null"};
	assert_int_equal(qemu_check(&options), STATUS_DENIED);
	options.channel_count = 2;
	options.channels[0] = options.channels[1] = (struct lab_channel){"source", "/run/source"};
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	report_sink_set(NULL, NULL);
}

static void impossible_options_are_refused(void **state)
{
	struct lab_options options = lab_options_default();

	report_sink_set(swallow, NULL);
	assert_int_equal(qemu_check(&options), STATUS_OK);
	options.machine = "isapc";
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options = lab_options_default();
	options.nic = "ne2k";
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options = lab_options_default();
	options.cpu_count = 0;
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options = lab_options_default();
	options.memory_mib = 1;
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	options = lab_options_default();
	options.accelerator = "hvf";
	assert_int_equal(qemu_check(&options), STATUS_USAGE);
	report_sink_set(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_is_a_shared_memfd_unless_private),
		cmocka_unit_test(the_guests_clock_counts_instructions_where_asked_for),
		cmocka_unit_test(commas_in_paths_are_doubled),
		cmocka_unit_test(a_network_card_is_there_where_asked_for),
		cmocka_unit_test(switches_reach_the_guest),
		cmocka_unit_test(impossible_options_are_refused),
		cmocka_unit_test(channels_are_ports_in_the_order_given),
		cmocka_unit_test(a_file_is_shared_where_asked_for),
		cmocka_unit_test(impossible_channels_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
