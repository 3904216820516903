# SPDX-License-Identifier: GPL-2.0-or-later
# Takes the place of musl's src/thread/x86_64/__set_thread_area.s. Not a system
# call: the runtime loads FS itself (enclave/runtime/runtime.h), and no C frame
# with a stack canary may be live while FS changes.
	.text
	.global __set_thread_area
	.hidden __set_thread_area, runtime_thread_pointer_set
	.type __set_thread_area, @function
__set_thread_area:
	jmp runtime_thread_pointer_set
	.size __set_thread_area, . - __set_thread_area
	.section .note.GNU-stack, "", @progbits
