/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/record.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/report.h"
#include "lab/scope.h"

static void scope_decref(json_t **value)
{
	json_decref(*value);
}

status record_write(const char *machine_path, const struct lab_machine *machine)
{
	SCOPED_FREE char *path = NULL, *temporary = NULL;
	__attribute__((cleanup(scope_decref))) json_t *object =
		json_pack("{s:s, s:i, s:s, s:I, s:i, s:s, s:s}", "name", machine->name, "qemu", (int)machine->qemu,
			  "kernel", machine->kernel, "memory_mib", (json_int_t)machine->memory_mib, "cpus",
			  (int)machine->cpu_count, "accelerator", machine->accelerator, "qmp", machine->qmp_path);

	if (object == NULL || asprintf(&path, "%s/vm.json", machine_path) < 0 ||
	    asprintf(&temporary, "%s/vm.json.new", machine_path) < 0)
		return report(STATUS_NO_MEMORY, "no memory for the VM's record");
	if (json_dump_file(object, temporary, JSON_INDENT(2)) != 0 || rename(temporary, path) != 0)
		return report(STATUS_IO, "can't write %s: %s", path, strerror(errno));
	return STATUS_OK;
}

static status copy_text(char *to, size_t size, const char *text)
{
	if (strlen(text) >= size)
		return STATUS_MALFORMED;
	memcpy(to, text, strlen(text) + 1);
	return STATUS_OK;
}

status record_read(const char *machine_path, struct lab_machine *ret_machine)
{
	const char *name, *kernel, *accelerator, *qmp;
	struct lab_machine machine = {};
	SCOPED_FREE char *path = NULL;
	json_int_t memory_mib;
	int qemu, cpus;

	if (asprintf(&path, "%s/vm.json", machine_path) < 0)
		return STATUS_NO_MEMORY;
	__attribute__((cleanup(scope_decref))) json_t *object = json_load_file(path, 0, NULL);

	if (object == NULL)
		return STATUS_MISSING;
	if (json_unpack(object, "{s:s, s:i, s:s, s:I, s:i, s:s, s:s}", "name", &name, "qemu", &qemu, "kernel", &kernel,
			"memory_mib", &memory_mib, "cpus", &cpus, "accelerator", &accelerator, "qmp", &qmp) != 0 ||
	    qemu <= 0 || cpus <= 0 || memory_mib <= 0)
		return STATUS_MALFORMED;
	machine.qemu = qemu;
	machine.cpu_count = (unsigned int)cpus;
	machine.memory_mib = (uint64_t)memory_mib;
	TRY(copy_text(machine.name, sizeof machine.name, name));
	TRY(copy_text(machine.kernel, sizeof machine.kernel, kernel));
	TRY(copy_text(machine.accelerator, sizeof machine.accelerator, accelerator));
	TRY(copy_text(machine.qmp_path, sizeof machine.qmp_path, qmp));
	*ret_machine = machine;
	return STATUS_OK;
}
