/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taken from real runs of QEMU 7.2 (Debian 12), shortened. For *-test.c only. */
#ifndef AGENT_SAMPLES_H
#define AGENT_SAMPLES_H

/* "info registers -a": q35, two CPUs, Linux 6.1 idle. The second CPU is shown
 * as far as the first one's lines that matter. */
#define SAMPLE_REGISTERS                                                                           \
	"\r\nCPU#0\r\n"                                                                            \
	"RAX=000000000001ad40 RBX=0000000000000000 RCX=0000000000000001 RDX=4000000000000000\r\n"  \
	"RIP=ffffffff96617a0b RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n"             \
	"GS =0000 ffff89643bc00000 00000000 00000000\r\n"                                          \
	"LDT=0000 0000000000000000 00000000 00008200 DPL=0 LDT\r\n"                                \
	"GDT=     fffffe0000001000 0000007f\r\n"                                                   \
	"IDT=     fffffe0000000000 00000fff\r\n"                                                   \
	"CR0=80050033 CR2=000000000b125730 CR3=000000010082a000 CR4=000006b0\r\n"                  \
	"DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 \r\n" \
	"EFER=0000000000000d01\r\n"                                                                \
	"\r\nCPU#1\r\n"                                                                            \
	"RIP=ffffffff96617a0b RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=1\r\n"             \
	"IDT=     fffffe0000000000 00000fff\r\n"                                                   \
	"CR0=80050033 CR2=000000000057a900 CR3=0000000100824000 CR4=000006a0\r\n"                  \
	"EFER=0000000000000d01\r\n"

/* "info mtree -f": q35 with 4 GiB and -vga std. */
#define SAMPLE_MTREE                                                                       \
	"FlatView #0\r\n AS \"I/O\", root: io\r\n Root memory region: io\r\n"              \
	"  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan\r\n"                  \
	"\r\nFlatView #1\r\n"                                                              \
	" AS \"memory\", root: system\r\n AS \"cpu-memory-0\", root: system\r\n"           \
	" AS \"ich9-ahci\", root: bus master container\r\n Root memory region: system\r\n" \
	"  0000000000000000-000000000009ffff (prio 0, ram): pc.ram\r\n"                    \
	"  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem\r\n"                \
	"  00000000000c0000-00000000000c9fff (prio 0, rom): pc.ram @00000000000c0000\r\n"  \
	"  00000000000ca000-00000000000ccfff (prio 0, ram): pc.ram @00000000000ca000\r\n"  \
	"  00000000000cd000-00000000000e7fff (prio 0, rom): pc.ram @00000000000cd000\r\n"  \
	"  00000000000e8000-00000000000effff (prio 0, ram): pc.ram @00000000000e8000\r\n"  \
	"  00000000000f0000-00000000000fffff (prio 0, rom): pc.ram @00000000000f0000\r\n"  \
	"  0000000000100000-000000007fffffff (prio 0, ram): pc.ram @0000000000100000\r\n"  \
	"  00000000b0000000-00000000bfffffff (prio 0, i/o): pcie-mmcfg-mmio\r\n"           \
	"  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram\r\n"                  \
	"  00000000febf0000-00000000febf017f (prio 0, i/o): edid\r\n"                      \
	"  00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios\r\n"                   \
	"  0000000100000000-000000017fffffff (prio 0, ram): pc.ram @0000000080000000\r\n"  \
	"\r\nFlatView #2\r\n AS \"cpu-smm-0\", root: memory\r\n"                           \
	"  0000000000000000-000000007fffffff (prio 0, ram): pc.ram\r\n"

/* smaps of q35 with 4 GiB of anonymous RAM: some entries that may be taken for
 * it, each with the lines that matter. */
#define SAMPLE_SMAPS_ANONYMOUS                                                                             \
	"5557e7174000-5557e81a5000 rw-p 00000000 00:00 0                          [heap]\n"                \
	"Size:              16580 kB\nKernelPageSize:        4 kB\nVmFlags: rd wr mr mw me ac \n"          \
	"7f2999200000-7f2999400000 rw-p 00000000 00:00 0 \n"                                               \
	"Size:               2048 kB\nKernelPageSize:        4 kB\nVmFlags: rd wr mr mw me dc ac hg mg \n" \
	"7f2999600000-7f299a600000 rw-p 00000000 00:00 0 \n"                                               \
	"Size:              16384 kB\nKernelPageSize:        4 kB\nVmFlags: rd wr mr mw me dc ac hg mg \n" \
	"7f299be00000-7f2a9be00000 rw-p 00000000 00:00 0 \n"                                               \
	"Size:            4194304 kB\nKernelPageSize:        4 kB\nVmFlags: rd wr mr mw me dc ac hg mg \n" \
	"7f2aa4000000-7f2aa7fff000 rwxp 00000000 00:00 0 \n"                                               \
	"Size:              65532 kB\nKernelPageSize:        4 kB\nVmFlags: rd wr ex mr mw me ac hg \n"    \
	"7f2aea0c5000-7f2aea342000 r-xp 000c5000 fe:00 332870                     "                        \
	"/usr/lib/x86_64-linux-gnu/libcrypto.so.3\n"                                                       \
	"Size:               2548 kB\nKernelPageSize:        4 kB\nVmFlags: rd ex mr mw me \n"

/* The same of 512 MiB in a shared file. */
#define SAMPLE_SMAPS_SHARED                                                                             \
	"7f1d97fff000-7f1db7fff000 rw-s 00000000 00:1b 25                         /dev/shm/ram of vm\n" \
	"Size:             524288 kB\nKernelPageSize:        4 kB\nRss:              114504 kB\n"       \
	"VmFlags: rd wr sh mr mw me ms dc hg \n"                                                        \
	"7f1db7fff000-7f1db8000000 ---p 00000000 00:00 0 \n"                                            \
	"Size:                  4 kB\nKernelPageSize:        4 kB\nVmFlags: mr mw me nr sd \n"

#endif
