# What QEMU 10 calls otherwise, in the model's own files (tools/build/qemu-sgx).
s#tcg/sysemu#tcg/system#
s/i386_softmmu_ss/i386_system_ss/
s/cpu_mmu_index(env, false)/cpu_mmu_index(env_cpu(env), false)/
/#include "exec\/exec-all.h"/a #include "exec/cputlb.h"
