/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of musl's arch/x86_64/syscall_arch.h: every system call that
 * the C library makes becomes a call of one function, image_syscall()
 * (enclave/syscalls/syscalls.h), because an enclave can't execute SYSCALL.
 *
 * The vDSO macros of the original are left out: there is none inside.
 */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

__attribute__((__visibility__("hidden"))) long image_syscall(long, long, long, long, long, long, long);

static __inline long __syscall0(long n)
{
	return image_syscall(n, 0, 0, 0, 0, 0, 0);
}

static __inline long __syscall1(long n, long a)
{
	return image_syscall(n, a, 0, 0, 0, 0, 0);
}

static __inline long __syscall2(long n, long a, long b)
{
	return image_syscall(n, a, b, 0, 0, 0, 0);
}

static __inline long __syscall3(long n, long a, long b, long c)
{
	return image_syscall(n, a, b, c, 0, 0, 0);
}

static __inline long __syscall4(long n, long a, long b, long c, long d)
{
	return image_syscall(n, a, b, c, d, 0, 0);
}

static __inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return image_syscall(n, a, b, c, d, e, 0);
}

static __inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	return image_syscall(n, a, b, c, d, e, f);
}

#define IPC_64 0
