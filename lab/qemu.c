/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/qemu.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/firmware.h"
#include "lab/scope.h"
#include "wire/link-shared.h"

static bool one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static status check_sizes(const struct lab_options *options)
{
	if (options->memory_mib < LAB_MEMORY_MIB_MIN || options->memory_mib > LAB_MEMORY_MIB_MAX)
		return report(STATUS_USAGE, "a guest needs between %d and %d MiB of memory, not %" PRIu64,
			      LAB_MEMORY_MIB_MIN, LAB_MEMORY_MIB_MAX, options->memory_mib);
	if (options->cpu_count < 1 || options->cpu_count > LAB_CPU_COUNT_MAX)
		return report(STATUS_USAGE, "a guest has between 1 and %d CPUs, not %u", LAB_CPU_COUNT_MAX,
			      options->cpu_count);
	return STATUS_OK;
}

static bool channel_name_is_possible(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size < LAB_NAME_SIZE_MAX && strcmp(name, QEMU_EXEC_PORT) != 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == size;
}

static status check_channels(const struct lab_options *options)
{
	for (unsigned int i = 0; i < options->channel_count; i++) {
		const struct lab_channel *channel = &options->channels[i];

		if (!channel_name_is_possible(channel->name))
			return report(STATUS_USAGE, "\"%s\" can't be a channel's name: letters, digits, '.', '_', '-'",
				      channel->name);
		for (unsigned int j = 0; j < i; j++)
			if (strcmp(channel->name, options->channels[j].name) == 0)
				return report(STATUS_USAGE, "two channels are called %s", channel->name);
		if (channel->socket_path[0] != '/')
			return report(STATUS_USAGE, "the socket of the channel %s must be an absolute path, not %s",
				      channel->name, channel->socket_path);
		if (strlen(channel->socket_path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
			return report(STATUS_USAGE, "%s is too long for a socket's path", channel->socket_path);
		if (access(channel->socket_path, F_OK) == 0)
			return report(STATUS_DENIED, "%s is there already: remove it, or choose another path",
				      channel->socket_path);
	}
	return STATUS_OK;
}

static status check_sgx(const struct lab_options *options)
{
	if (options->sgx_qemu == NULL)
		return STATUS_OK;
	if (options->epc_mib < LAB_EPC_MIB_MIN || options->epc_mib > LAB_EPC_MIB_MAX)
		return report(STATUS_USAGE, "a guest has between %d and %d MiB of EPC, not %" PRIu64, LAB_EPC_MIB_MIN,
			      LAB_EPC_MIB_MAX, options->epc_mib);
	if (strcmp(options->accelerator, "kvm") == 0)
		return report(STATUS_USAGE, "the model of SGX is TCG's: leave out --accel kvm");
	if (strcmp(options->nic, "none") != 0)
		return report(STATUS_USAGE, "the QEMU with SGX is built without network cards: leave out --nic");
	return STATUS_OK;
}

status qemu_check(const struct lab_options *options)
{
	TRY(check_sizes(options));
	if (!one_of(options->machine, "q35", "pc"))
		return report(STATUS_USAGE, "no machine \"%s\": q35 or pc", options->machine);
	if (!one_of(options->nic, "virtio", "none"))
		return report(STATUS_USAGE,
			      "no network card \"%s\": virtio or none (the lab's kernels have no driver "
			      "for others)",
			      options->nic);
	if (!one_of(options->accelerator, "tcg", "kvm") && !one_of(options->accelerator, "icount", "auto"))
		return report(STATUS_USAGE, "no accelerator \"%s\": tcg, kvm or icount", options->accelerator);
	TRY(check_sgx(options));
	TRY(check_channels(options));
	if (options->firmware != NULL) {
		if (strcmp(options->machine, "q35") != 0)
			return report(STATUS_USAGE, "firmware with System Management Mode needs the machine q35");
		TRY(firmware_check(options->firmware));
	}
	if (options->shared_memory != NULL && options->shared_memory[0] != '/')
		return report(STATUS_USAGE, "the file of shared memory must be an absolute path, not %s",
			      options->shared_memory);
	if (options->cpu_model[0] == '\0' || strpbrk(options->cpu_model, " \t\n") != NULL)
		return report(STATUS_USAGE, "\"%s\" can't be a CPU model: see `qemu-system-x86_64 -cpu help'",
			      options->cpu_model);
	if (options->lifetime_seconds == 0 || options->boot_seconds == 0)
		return report(STATUS_USAGE, "a time of 0 seconds is no time: give at least 1");
	return STATUS_OK;
}

/* QEMU separates options by commas; one inside a value is doubled. */
static char *escape(const char *text)
{
	char *escaped = malloc(2 * strlen(text) + 1), *to = escaped;

	if (escaped == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if (*text == ',')
			*to++ = ',';
		*to++ = *text;
	}
	*to = '\0';
	return escaped;
}

static void add_memory(struct words *words, const struct lab_options *options, const char *accelerator)
{
	words_add(words, "-m");
	words_add(words, "%" PRIu64 "M", options->memory_mib);
	words_add(words, "-machine");
	words_add(words, "%s%s%s%s", options->machine, options->firmware != NULL ? ",smm=on" : "",
		  options->private_memory ? "" : ",memory-backend=ram0",
		  options->sgx_qemu != NULL ? ",sgx-epc.0.memdev=epc0,sgx-epc.0.node=0" : "");
	words_add(words, "-accel");
	words_add(words, "%s",
		  strcmp(accelerator, "kvm") == 0      ? "kvm"
		  : strcmp(accelerator, "icount") == 0 ? "tcg,thread=single"
						       : "tcg,thread=multi");
	/* Each instruction takes 2^2 ns of the guest's time, by all of its clocks: with fewer, whoever waits
	 * for a clock in a loop waits for long. While the guest sleeps they go on as ours do: with sleep=off they
	 * would leap from timer to timer, and no timeout of the guest's would outlast an answer from outside. */
	if (strcmp(accelerator, "icount") == 0) {
		words_add(words, "-icount");
		words_add(words, "shift=2");
	}
	if (options->sgx_qemu != NULL) {
		words_add(words, "-object");
		words_add(words, "memory-backend-epc,id=epc0,size=%" PRIu64 "M,prealloc=off", options->epc_mib);
	}
	if (options->private_memory)
		return;
	words_add(words, "-object");
	words_add(words, "memory-backend-memfd,id=ram0,size=%" PRIu64 "M,share=on", options->memory_mib);
}

static void add_cpu(struct words *words, const struct lab_options *options)
{
	words_add(words, "-smp");
	words_add(words, "%u", options->cpu_count);
	words_add(words, "-cpu");
	words_add(words, "%s,la57=%s", options->cpu_model, options->la57 == LAB_SWITCH_ON ? "on" : "off");
}

static status add_devices(struct words *words, const struct qemu_setup *setup)
{
	SCOPED_FREE char *state = escape(setup->state_path);

	if (state == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	if (strlen(setup->state_path) + sizeof "/exec" > sizeof((struct sockaddr_un *)NULL)->sun_path)
		return report(STATUS_USAGE, "%s is too long for a socket's path: set a shorter XDG_RUNTIME_DIR",
			      setup->state_path);
	words_add(words, "-chardev");
	words_add(words, "file,id=serial,path=%s/serial.log", state);
	words_add(words, "-serial");
	words_add(words, "chardev:serial");
	words_add(words, "-chardev");
	words_add(words, "socket,id=exec,fd=%d", setup->exec_fd);
	words_add(words, "-device");
	words_add(words, "virtio-serial-pci");
	words_add(words, "-device");
	words_add(words, "virtserialport,chardev=exec,name=" QEMU_EXEC_PORT);
	if (setup->options->no_qmp)
		return STATUS_OK;
	words_add(words, "-qmp");
	words_add(words, "unix:%s/qmp,server=on,wait=off", state);
	return STATUS_OK;
}

static status add_channels(struct words *words, const struct lab_options *options)
{
	for (unsigned int i = 0; i < options->channel_count; i++) {
		SCOPED_FREE char *path = escape(options->channels[i].socket_path);

		if (path == NULL)
			return report(STATUS_NO_MEMORY, "no memory for a path");
		words_add(words, "-chardev");
		words_add(words, "socket,id=channel%u,path=%s,server=on,wait=off", i, path);
		words_add(words, "-device");
		words_add(words, "virtserialport,chardev=channel%u,name=%s", i, options->channels[i].name);
	}
	return STATUS_OK;
}

static status add_shared_memory(struct words *words, const struct lab_options *options)
{
	if (options->shared_memory == NULL)
		return STATUS_OK;
	SCOPED_FREE char *path = escape(options->shared_memory);

	if (path == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	words_add(words, "-object");
	words_add(words, "memory-backend-file,id=shared,mem-path=%s,size=%d,share=on", path, LINK_SHARED_SIZE);
	words_add(words, "-device");
	words_add(words, "ivshmem-plain,memdev=shared");
	return STATUS_OK;
}

static status add_firmware(struct words *words, const struct qemu_setup *setup)
{
	if (setup->options->firmware == NULL)
		return STATUS_OK;
	SCOPED_FREE char *state = escape(setup->state_path), *directory = escape(setup->options->firmware);

	if (state == NULL || directory == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	return firmware_words(directory, state, words);
}

/* QEMU's own network, closed to everything outside of QEMU. IPv6 is off as its
 * routers never stop talking, and a guest shall come to rest. */
static void add_nic(struct words *words, const struct lab_options *options)
{
	if (strcmp(options->nic, "virtio") != 0)
		return;
	words_add(words, "-netdev");
	words_add(words, "user,id=nic0,restrict=on,ipv6=off");
	words_add(words, "-device");
	words_add(words, "virtio-net-pci,netdev=nic0,romfile=");
}

static void add_kernel(struct words *words, const struct qemu_setup *setup)
{
	const struct lab_options *options = setup->options;
	const char *pti = options->pti == LAB_SWITCH_ON ? " pti=on" : options->pti == LAB_SWITCH_OFF ? " pti=off" : "";

	words_add(words, "-kernel");
	words_add(words, "%s", setup->kernel_path);
	words_add(words, "-initrd");
	words_add(words, "%s", setup->initramfs_path);
	words_add(words, "-append");
	char channels[32] = "";

	if (options->channel_count > 0)
		snprintf(channels, sizeof channels, " bartizan.channels=%u", options->channel_count);
	/*
	 * panic=-1 with -no-reboot: a dead kernel ends QEMU, and the lab notices. no_timer_check: a timer that
	 * doesn't tick for a moment is a busy host's, not a broken I/O APIC (arch/x86/kernel/apic/io_apic.c, 6.12,
	 * timer_irq_works()); under KVM guests leave the check out by themselves.
	 */
	words_add(words, "console=ttyS0 no_timer_check%s bartizan.name=%s%s%s%s%s%s%s",
		  options->may_reboot ? "" : " panic=-1", options->name,
		  strcmp(options->nic, "none") != 0 ? " " QEMU_NIC_WORD : "", channels, pti,
		  options->kaslr == LAB_SWITCH_OFF ? " nokaslr" : "", options->append[0] != '\0' ? " " : "",
		  options->append);
}

status qemu_words(const struct qemu_setup *setup, struct words *words)
{
	words_add(words, "%s", setup->options->sgx_qemu != NULL ? setup->options->sgx_qemu : "qemu-system-x86_64");
	words_add(words, "-name");
	words_add(words, "%s", setup->options->name);
	words_add(words, "-nodefaults");
	words_add(words, "-no-user-config");
	if (!setup->options->may_reboot)
		words_add(words, "-no-reboot");
	words_add(words, "-display");
	words_add(words, "none");
	add_memory(words, setup->options, setup->accelerator);
	add_cpu(words, setup->options);
	TRY(add_firmware(words, setup));
	TRY(add_devices(words, setup));
	TRY(add_channels(words, setup->options));
	TRY(add_shared_memory(words, setup->options));
	add_nic(words, setup->options);
	add_kernel(words, setup);
	return words_check(words);
}
