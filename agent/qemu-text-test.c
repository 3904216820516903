/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read from a QEMU's texts: command line, smaps, monitor. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/qemu-arguments.h"
#include "agent/qemu-maps.h"
#include "agent/qmp.h"
#include "agent/samples.h"
#include "base/report.h"
#include "base/test.h"

#define GIB (1ULL << 30)
#define MIB (1ULL << 20)

static char last_message[1024];

static void keep_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

/* Parse arguments given as one text with '|' between them. */
static status parse(const char *text, struct qemu_arguments *ret_arguments)
{
	size_t size = strlen(text) + 1;
	char *line = strdup(text);

	for (size_t i = 0; i < size; i++)
		if (line[i] == '|')
			line[i] = 0;
	report_sink_set(keep_message, NULL);
	status result = qemu_arguments_parse((struct span){(const uint8_t *)line, size}, ret_arguments);
	report_sink_set(NULL, NULL);
	free(line);
	return result;
}

static void a_plain_command_line_is_understood(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(parse("/usr/bin/qemu-system-x86_64|-name|guest=a,debug-threads=on|-machine|"
			       "q35,memory-backend=ram0|-object|memory-backend-file,id=ram0,size=512M,"
			       "mem-path=/dev/shm/memvm-a,share=on|-accel|tcg,thread=multi|-smp|1|-m|512M|-nodefaults|"
			       "-display|none|-qmp|unix:/tmp/a,,b/qmp,server=on,wait=off",
			       &found),
			 STATUS_OK);
	assert_string_equal(found.program, "qemu-system-x86_64");
	assert_string_equal(found.name, "a");
	assert_int_equal(found.machine, QEMU_MACHINE_Q35);
	assert_int_equal(found.memory_size, 512 * MIB);
	assert_string_equal(found.qmp_path, "/tmp/a,b/qmp");
	assert_int_equal(found.backend_count, 1);
	assert_string_equal(found.backends[0].id, "ram0");
}

/* As libvirt 9 starts it: JSON objects, descriptors instead of paths. */
static void libvirts_command_line_is_understood(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(
		parse("/usr/bin/qemu-system-x86_64|-name|guest=deb,debug-threads=on|-S|-object|"
		      "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\",\"file\":\"/x\"}|-machine|"
		      "pc-q35-7.2,usb=off,vmport=off,dump-guest-core=off,memory-backend=pc.ram|-accel|kvm|-cpu|host|-m|"
		      "size=4194304k,slots=16,maxmem=8388608k|-object|"
		      "{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":4294967296}|-chardev|"
		      "socket,id=charmonitor,fd=22,server=on,wait=off|-mon|chardev=charmonitor,id=monitor,mode=control",
		      &found),
		STATUS_OK);
	assert_string_equal(found.name, "deb");
	assert_int_equal(found.machine, QEMU_MACHINE_Q35);
	assert_int_equal(found.memory_size, 4 * GIB);
	assert_int_equal(found.backend_count, 1);
	assert_int_equal(found.backends[0].size, 4 * GIB);
	assert_string_equal(found.qmp_path, "");
}

static void a_monitor_is_found_through_its_chardev(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(
		parse("qemu-system-x86_64|-chardev|socket,id=serial,path=/s|-mon|chardev=m,mode=control|-chardev|"
		      "socket,id=m,path=run/qmp,server=on",
		      &found),
		STATUS_OK);
	assert_string_equal(found.qmp_path, "run/qmp");
	assert_int_equal(
		parse("qemu-system-x86_64|-chardev|socket,id=m,path=/hmp|-mon|chardev=m,mode=readline", &found),
		STATUS_OK);
	assert_string_equal(found.qmp_path, "");
}

static void numa_nodes_come_in_the_order_of_their_numbers(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(
		parse("qemu-system-x86_64|-m|1G|-object|memory-backend-ram,id=b,size=256M|-object|"
		      "memory-backend-ram,id=a,size=768M|-numa|node,nodeid=1,memdev=b|-numa|node,nodeid=0,memdev=a",
		      &found),
		STATUS_OK);
	assert_int_equal(found.backend_count, 2);
	assert_string_equal(found.backends[0].id, "a");
	assert_string_equal(found.backends[1].id, "b");
}

static void defaults_and_units_are_qemus(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(parse("qemu-system-x86_64", &found), STATUS_OK);
	assert_int_equal(found.memory_size, 128 * MIB);
	assert_int_equal(found.machine, QEMU_MACHINE_PC);
	assert_int_equal(parse("qemu-system-x86_64|--m|2048", &found), STATUS_OK);
	assert_int_equal(found.memory_size, 2 * GIB);
	assert_int_equal(parse("qemu-system-x86_64|-m|1.5G", &found), STATUS_OK);
	assert_int_equal(found.memory_size, 1536 * MIB);
	assert_int_equal(parse("qemu-system-x86_64|-m|size=1048576k,slots=2", &found), STATUS_OK);
	assert_int_equal(found.memory_size, GIB);
}

static void nonsense_on_the_command_line_is_refused(void **state)
{
	(void)state;
	struct qemu_arguments found;

	assert_int_equal(parse("", &found), STATUS_MALFORMED);
	assert_int_equal(parse("qemu-system-x86_64|-m|lots", &found), STATUS_MALFORMED);
	assert_int_equal(parse("qemu-system-x86_64|-m|99999999999999999999", &found), STATUS_MALFORMED);
	assert_int_equal(parse("qemu-system-x86_64|-m|18446744073709551615T", &found), STATUS_MALFORMED);
	assert_int_equal(parse("qemu-system-x86_64|-m|-5", &found), STATUS_OK); /* an option to QEMU as well */
	assert_int_equal(parse("qemu-system-x86_64|-machine|q35,memory-backend=nowhere", &found), STATUS_MALFORMED);
	assert_non_null(strstr(last_message, "nowhere"));
	assert_int_equal(parse("qemu-system-x86_64|-m|1G|-machine|memory-backend=a|-object|"
			       "memory-backend-ram,id=a,size=2G",
			       &found),
			 STATUS_MALFORMED);
	assert_int_equal(parse("qemu-system-x86_64|-object|{\"qom-type\":\"memory-backend-ram\",\"si", &found),
			 STATUS_OK);
}

struct layout_case {
	const char *line;
	uint64_t low_size, high_size;
};

static void ram_is_split_where_the_machine_splits_it(void **state)
{
	(void)state;
	/* Each checked against "info mtree -f" of QEMU 7.2. */
	const struct layout_case cases[] = {
		{"q|-machine|q35|-m|512M", 512 * MIB, 0},
		{"q|-machine|q35|-m|2815M", 2815 * MIB, 0},
		{"q|-machine|q35|-m|2816M", 2 * GIB, 768 * MIB},
		{"q|-machine|q35|-m|4G", 2 * GIB, 2 * GIB},
		{"q|-machine|pc-q35-6.2|-m|8G", 2 * GIB, 6 * GIB},
		{"q|-machine|pc|-m|3G", 3 * GIB, 0},
		{"q|-machine|pc|-m|3583M", 3583 * MIB, 0},
		{"q|-machine|pc|-m|3584M", 3 * GIB, 512 * MIB},
		{"q|-M|pc-i440fx-7.2|-m|4G", 3 * GIB, GIB},
		{"q|-machine|pc,max-ram-below-4g=2G|-m|4G", 2 * GIB, 2 * GIB},
		{"q|-machine|q35,max-ram-below-4g=1G|-m|4G", GIB, 3 * GIB},
		{"q|-machine|q35,max-ram-below-4g=3G|-m|4G", 2 * GIB, 2 * GIB},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct qemu_arguments found;
		struct ram_map map;

		assert_int_equal(parse(cases[i].line, &found), STATUS_OK);
		assert_int_equal(qemu_arguments_layout(&found, &map), STATUS_OK);
		assert_int_equal(map.range[0].start.value, 0);
		assert_int_equal(map.range[0].size, cases[i].low_size);
		assert_int_equal(map.range_count, cases[i].high_size > 0 ? 2 : 1);
		if (cases[i].high_size == 0)
			continue;
		assert_int_equal(map.range[1].start.value, 4 * GIB);
		assert_int_equal(map.range[1].size, cases[i].high_size);
	}
}

static void an_unknown_machine_has_no_layout(void **state)
{
	(void)state;
	struct qemu_arguments found;
	struct ram_map map;

	assert_int_equal(parse("q|-machine|xenfv", &found), STATUS_OK);
	report_sink_set(keep_message, NULL);
	assert_int_equal(qemu_arguments_layout(&found, &map), STATUS_UNSUPPORTED);
	assert_non_null(strstr(last_message, "xenfv"));
	assert_int_equal(parse("q|-m|2T", &found), STATUS_OK);
	report_sink_set(keep_message, NULL);
	assert_int_equal(qemu_arguments_layout(&found, &map), STATUS_UNSUPPORTED);
	report_sink_set(NULL, NULL);
}

static status parse_maps(const char *text, struct qemu_maps *ret_maps)
{
	return qemu_maps_parse((struct span){(const uint8_t *)text, strlen(text)}, ret_maps);
}

static void anonymous_ram_is_found_among_look_alikes(void **state)
{
	(void)state;
	struct qemu_mapping mapping;
	struct qemu_maps maps;

	assert_int_equal(parse_maps(SAMPLE_SMAPS_ANONYMOUS, &maps), STATUS_OK);
	assert_int_equal(maps.count, 3); /* tables, video memory, RAM; not the heap, not code */
	assert_int_equal(qemu_maps_find(&maps, 4 * GIB, 0, &mapping), STATUS_OK);
	assert_int_equal(mapping.start.value, 0x7f299be00000);
	assert_false(mapping.is_shared);
	assert_int_equal(mapping.inode, 0);
	assert_int_equal(qemu_maps_find(&maps, 65532 * 1024, 0, &mapping), STATUS_MISSING);
	assert_int_equal(qemu_maps_at(&maps, (struct host_va){0x7f2a1be00000}, &mapping), STATUS_OK);
	assert_int_equal(mapping.size, 4 * GIB);
}

static void shared_ram_is_found_with_its_file(void **state)
{
	(void)state;
	struct qemu_mapping mapping;
	struct qemu_maps maps;

	assert_int_equal(parse_maps(SAMPLE_SMAPS_SHARED, &maps), STATUS_OK);
	assert_int_equal(qemu_maps_find(&maps, 512 * MIB, 0, &mapping), STATUS_OK);
	assert_true(mapping.is_shared);
	assert_int_equal(mapping.inode, 25);
	assert_int_equal(mapping.device_minor, 0x1b);
	assert_string_equal(mapping.path, "/dev/shm/ram of vm");
}

static void parts_of_one_mapping_are_joined_and_strangers_are_not(void **state)
{
	(void)state;
	struct qemu_maps maps;

	assert_int_equal(
		parse_maps("7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \nVmFlags: rd wr dc hg \n"
			   "7f0010000000-7f0020000000 rw-p 00000000 00:00 0 \nVmFlags: rd wr dc nh \n"
			   "7f0020000000-7f0030000000 rw-s 00000000 00:01 7 /memfd:x (deleted)\nVmFlags: rd wr dc \n"
			   "7f0030000000-7f0040000000 rw-s 10000000 00:01 7 /memfd:x (deleted)\nVmFlags: rd wr dc \n"
			   "7f0040000000-7f0050000000 rw-s 10000000 00:01 7 /memfd:x (deleted)\nVmFlags: rd wr dc \n",
			   &maps),
		STATUS_OK);
	assert_int_equal(maps.count, 3);
	assert_int_equal(qemu_maps_count(&maps, 512 * MIB), 2);
	assert_int_equal(qemu_maps_count(&maps, 256 * MIB), 1);
}

static void equal_mappings_count_from_the_highest_address(void **state)
{
	(void)state;
	struct qemu_mapping mapping;
	struct qemu_maps maps;

	assert_int_equal(parse_maps("7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \nVmFlags: rd wr dc \n"
				    "7f1000000000-7f1010000000 rw-p 00000000 00:00 0 \nVmFlags: rd wr dc ht \n",
				    &maps),
			 STATUS_OK);
	assert_int_equal(qemu_maps_find(&maps, 256 * MIB, 0, &mapping), STATUS_OK);
	assert_int_equal(mapping.start.value, 0x7f1000000000);
	assert_true(mapping.is_huge);
	assert_int_equal(qemu_maps_find(&maps, 256 * MIB, 1, &mapping), STATUS_OK);
	assert_int_equal(mapping.start.value, 0x7f0000000000);
	assert_int_equal(qemu_maps_find(&maps, 256 * MIB, 2, &mapping), STATUS_MISSING);
}

static void a_text_that_is_no_smaps_is_refused(void **state)
{
	(void)state;
	struct qemu_maps maps;

	report_sink_set(keep_message, NULL);
	assert_int_equal(parse_maps("", &maps), STATUS_MALFORMED);
	assert_int_equal(parse_maps("hello\nVmFlags: dc\n7f-", &maps), STATUS_MALFORMED);
	report_sink_set(NULL, NULL);
}

static void registers_of_all_cpus_are_read(void **state)
{
	(void)state;
	struct cpu_registers registers[4];
	uint32_t count = 0;

	assert_int_equal(qmp_parse_registers(SAMPLE_REGISTERS, registers, 4, &count), STATUS_OK);
	assert_int_equal(count, 2);
	assert_int_equal(registers[0].cr0, 0x80050033);
	assert_int_equal(registers[0].cr3, 0x10082a000);
	assert_int_equal(registers[0].cr4, 0x6b0);
	assert_int_equal(registers[0].efer, 0xd01);
	assert_int_equal(registers[0].idt_base, 0xfffffe0000000000);
	assert_int_equal(registers[0].cpl, 0);
	assert_int_equal(registers[1].cr3, 0x100824000);
	assert_int_equal(registers[1].cpl, 3);
	assert_int_equal(registers[1].cpu_index, 1);
}

static void registers_cut_short_are_refused(void **state)
{
	(void)state;
	struct cpu_registers registers[4];
	uint32_t count = 77;

	assert_int_equal(qmp_parse_registers("", registers, 4, &count), STATUS_MALFORMED);
	/* CPU 0's last line is gone, and CPU 1's must not stand in for it. */
	char *text = strdup(SAMPLE_REGISTERS);
	char *efer = strstr(text, "EFER=");
	memmove(efer, efer + 24, strlen(efer + 24) + 1);
	assert_int_equal(qmp_parse_registers(text, registers, 4, &count), STATUS_MALFORMED);
	assert_int_equal(count, 77);
	free(text);
}

static void the_flat_view_gives_ram_without_video_and_firmware(void **state)
{
	(void)state;
	struct qmp_region *regions = calloc(QMP_REGION_COUNT_MAX, sizeof *regions);
	uint32_t count = 0;

	assert_int_equal(qmp_parse_regions(SAMPLE_MTREE, regions, &count), STATUS_OK);
	assert_int_equal(count, 3);
	assert_int_equal(regions[0].range.size, 0xa0000);
	assert_int_equal(regions[1].range.start.value, 0xc0000);
	assert_int_equal(regions[1].range.size, 0x80000000 - 0xc0000);
	assert_int_equal(regions[2].range.start.value, 4 * GIB);
	assert_int_equal(regions[2].range.size, 2 * GIB);
	assert_string_equal(regions[2].name, "pc.ram");
	assert_int_equal(qmp_parse_regions("FlatView #0\n AS \"I/O\", root: io\n", regions, &count), STATUS_MALFORMED);
	free(regions);
}

static void a_host_address_is_read_or_refused(void **state)
{
	(void)state;
	struct host_va address = {0};

	assert_int_equal(
		qmp_parse_host_address("Host virtual address for 0x0 (pc.ram) is 0x7f299be00000\r\n", &address),
		STATUS_OK);
	assert_int_equal(address.value, 0x7f299be00000);
	assert_int_equal(qmp_parse_host_address("Memory at address 0xfee00000 is not RAM\r\n", &address),
			 STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_command_line_is_understood),
		cmocka_unit_test(libvirts_command_line_is_understood),
		cmocka_unit_test(a_monitor_is_found_through_its_chardev),
		cmocka_unit_test(numa_nodes_come_in_the_order_of_their_numbers),
		cmocka_unit_test(defaults_and_units_are_qemus),
		cmocka_unit_test(nonsense_on_the_command_line_is_refused),
		cmocka_unit_test(ram_is_split_where_the_machine_splits_it),
		cmocka_unit_test(an_unknown_machine_has_no_layout),
		cmocka_unit_test(anonymous_ram_is_found_among_look_alikes),
		cmocka_unit_test(shared_ram_is_found_with_its_file),
		cmocka_unit_test(parts_of_one_mapping_are_joined_and_strangers_are_not),
		cmocka_unit_test(equal_mappings_count_from_the_highest_address),
		cmocka_unit_test(a_text_that_is_no_smaps_is_refused),
		cmocka_unit_test(registers_of_all_cpus_are_read),
		cmocka_unit_test(registers_cut_short_are_refused),
		cmocka_unit_test(the_flat_view_gives_ram_without_video_and_firmware),
		cmocka_unit_test(a_host_address_is_read_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
