/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One list of calls on /proc, printed one a line as name, result and errno, with
 * nothing in it that may differ between two looks (times, inode numbers, sizes
 * of lists). Built twice: as an ordinary Linux program, and as an image. What
 * the two print must be the same: Linux is the reference.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* musl has no strerrorname_np(). */
static const char *error_name(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{ENOENT, "ENOENT"},	  {EIO, "EIO"},
		{EFAULT, "EFAULT"},	  {EBADF, "EBADF"},
		{EACCES, "EACCES"},	  {EEXIST, "EEXIST"},
		{ENODEV, "ENODEV"},	  {ENOTDIR, "ENOTDIR"},
		{EISDIR, "EISDIR"},	  {EINVAL, "EINVAL"},
		{ESPIPE, "ESPIPE"},	  {EROFS, "EROFS"},
		{ERANGE, "ERANGE"},	  {ELOOP, "ELOOP"},
		{EPERM, "EPERM"},	  {ENOSYS, "ENOSYS"},
		{EOVERFLOW, "EOVERFLOW"}, {ENAMETOOLONG, "ENAMETOOLONG"},
		{ENOTTY, "ENOTTY"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].number == error)
			return names[i].name;
	return "another errno";
}

static void say(const char *name, long result)
{
	int error = errno;

	printf("%s: %ld%s%s\n", name, result, result < 0 ? " " : "", result < 0 ? error_name(error) : "");
}

/* Does the call succeed? For results that are numbers of no interest. */
static void say_ok(const char *name, long result)
{
	say(name, result < 0 ? result : 0);
}

static void try_open(const char *path, int flags)
{
	char name[300];
	int fd = open(path, flags);

	snprintf(name, sizeof name, "open %s %#x", path, flags);
	say_ok(name, fd);
	if (fd >= 0)
		close(fd);
}

static void try_stat(const char *path, bool follow)
{
	struct stat st;
	char name[300];
	long result = follow ? stat(path, &st) : lstat(path, &st);

	snprintf(name, sizeof name, "%s %s", follow ? "stat" : "lstat", path);
	say(name, result);
	if (result == 0)
		printf("  mode %o size %ld blocks %ld uid %d gid %d%s\n", st.st_mode,
		       S_ISLNK(st.st_mode) ? 0 : (long)st.st_size, (long)st.st_blocks, st.st_uid, st.st_gid,
		       S_ISREG(st.st_mode) && st.st_nlink != 1 ? " odd link count" : "");
}

static void try_readlink(const char *path)
{
	char target[256], name[300];
	long length = readlink(path, target, sizeof target);

	snprintf(name, sizeof name, "readlink %s", path);
	say(name, length);
	if (length >= 0)
		printf("  %.*s\n", (int)length, target);
}

static void try_access(const char *path, int mode)
{
	char name[300];

	snprintf(name, sizeof name, "access %s %d", path, mode);
	say(name, access(path, mode));
}

static void try_chdir(const char *path)
{
	char name[300];

	snprintf(name, sizeof name, "chdir %s", path);
	say(name, chdir(path));
}

static void paths(void)
{
	static const char *const all[] = {
		"/proc",
		"/proc/",
		"/proc/.",
		"/proc//version",
		"/proc/version",
		"/proc/version/",
		"/proc/version/x",
		"/proc/version/..",
		"/proc/nothing",
		"/proc/nothing/x",
		"/proc/net",
		"/proc/net/",
		"/proc/net/tcp",
		"/proc/net/tcp/",
		"/proc/net/./tcp",
		"/proc/net/nothing",
		"/proc/net/tcp/../udp",
		"/proc/self/net/tcp",
		"/proc/self/net",
		"/proc/self/net/../net/tcp",
		"/proc/../proc/version",
		"/../proc/version",
		"/proc/sys/kernel/osrelease",
		"/proc/sys/kernel",
		"",
		"/proc/sys/kernel/../../version",
		"//proc/version",
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		try_stat(all[i], true);
		try_open(all[i], O_RDONLY);
		try_access(all[i], F_OK);
		try_access(all[i], R_OK);
	}
	try_stat("/proc/net/tcp", false);
	try_readlink("/proc/net");
	try_readlink("/proc/net/");
	try_readlink("/proc/net/tcp");
	try_readlink("/proc/version");
	try_readlink("/proc/nothing");
	try_readlink("/proc/mounts");
	static char name[300], path[5000];
	memset(name, 'n', 256);
	snprintf(path, sizeof path, "/proc/%s", name);
	say("open with a name of 256", open(path, O_RDONLY));
	memset(path, '/', 4999);
	say("open with a path of 4999", open(path, O_RDONLY));
}

static void opening(void)
{
	int fd, other;

	try_open("/proc/version", O_RDONLY | O_DIRECTORY);
	try_open("/proc/net", O_RDONLY | O_DIRECTORY);
	try_open("/proc/net", O_RDONLY | O_NOFOLLOW);
	try_open("/proc/net", O_RDWR);
	try_open("/proc/self/net", O_WRONLY);
	try_open("/proc/version", O_RDONLY | O_CREAT | O_EXCL);
	try_open("/proc/version", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	try_open("/proc/version/", O_RDONLY | O_CREAT);
	try_open("/proc/net", O_RDONLY | O_CREAT);
	fd = open("/proc/net", O_RDONLY | O_DIRECTORY);
	other = openat(fd, "tcp", O_RDONLY);
	say_ok("openat(net, tcp)", other);
	close(other);
	other = openat(fd, "../version", O_RDONLY);
	say("openat(net, ../version)", other);
	other = openat(fd, "/proc/version", O_RDONLY);
	say_ok("openat(net, /proc/version)", other);
	say("openat(version, tcp)", openat(other, "tcp", O_RDONLY));
	close(other);
	say("openat(bad, tcp)", openat(999, "tcp", O_RDONLY));
	close(fd);
	say("openat(closed, tcp)", openat(fd, "tcp", O_RDONLY));
}

static void reading(const char *path)
{
	char a[16], b[16];
	int fd = open(path, O_RDONLY), twin;
	struct iovec parts[] = {{a, 4}, {b, 4}};

	printf("reading %s\n", path);
	say("read 4", read(fd, a, 4));
	say("tell", lseek(fd, 0, SEEK_CUR));
	say("pread 4 at 0", pread(fd, b, 4, 0));
	say("same", memcmp(a, b, 4));
	say("tell", lseek(fd, 0, SEEK_CUR));
	twin = dup(fd);
	say("seek to 2", lseek(twin, 2, SEEK_SET));
	say("tell through the other", lseek(fd, 0, SEEK_CUR));
	say("read 2", read(fd, b, 2));
	say("same", memcmp(a + 2, b, 2));
	say("seek back 2", lseek(fd, -2, SEEK_CUR));
	say("seek to -1", lseek(fd, -1, SEEK_SET));
	say("seek far back", lseek(fd, -100, SEEK_CUR));
	say("seek to the end", lseek(fd, 0, SEEK_END));
	say("seek whence 9", lseek(fd, 0, 9));
	say("seek back to 0", lseek(fd, 0, SEEK_SET));
	say("readv", readv(fd, parts, 2));
	say("tell", lseek(fd, 0, SEEK_CUR));
	say("seek beyond", lseek(fd, 1 << 30, SEEK_SET));
	say("read there", read(fd, a, 4));
	say("pread beyond", pread(fd, a, 4, 1 << 30));
	say("pread at -1", pread(fd, a, 4, -1));
	say("read 0", read(fd, a, 0));
	say("write", write(fd, "x", 1));
	say("mmap", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
	say("fchdir to a file", fchdir(fd));
	DIR *directory = fdopendir(fd);
	say("fdopendir of a file", directory != NULL ? 0 : -1);
	say("close", close(fd));
	say("close again", close(fd));
	say("read closed", read(fd, a, 4));
	say("the twin still reads", lseek(twin, 0, SEEK_SET) == 0 && read(twin, b, 4) == 4 ? 0 : -1);
	close(twin);
}

static void descriptors(void)
{
	int fd = open("/proc/version", O_RDONLY | O_CLOEXEC), other;
	char byte;

	say("F_GETFD", fcntl(fd, F_GETFD));
	say("F_GETFL access mode", fcntl(fd, F_GETFL) & O_ACCMODE);
	say("F_SETFD", fcntl(fd, F_SETFD, 0));
	say("F_GETFD", fcntl(fd, F_GETFD));
	other = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	say("F_DUPFD_CLOEXEC 100", other);
	say("its F_GETFD", fcntl(other, F_GETFD));
	say("F_DUPFD 100", fcntl(fd, F_DUPFD, 100));
	say("dup2 to itself", dup2(fd, fd) == fd ? 0 : -1);
	say("dup3 to itself", dup3(fd, fd, 0));
	say("dup2 to 200", dup2(fd, 200));
	say("dup3 to 201 with O_CLOEXEC", dup3(fd, 201, O_CLOEXEC));
	say("its F_GETFD", fcntl(201, F_GETFD));
	say("dup of nothing", dup(777));
	say("dup2 of nothing", dup2(777, 5));
	say("dup2 to -1", dup2(fd, -1));
	say("fcntl of nothing", fcntl(777, F_GETFD));
	say("F_DUPFD -1", fcntl(fd, F_DUPFD, -1));
	say("close 100", close(100));
	say("lowest is taken", fcntl(fd, F_DUPFD, 100));
	close(fd);
	other = open("/proc/version", O_PATH);
	say("read O_PATH", read(other, &byte, 1));
	close(other);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Does a listing have these names, each once? */
static void listing(const char *path, const char *const *names)
{
	DIR *directory = opendir(path);
	char *found[1024];
	size_t count = 0;
	struct dirent *entry;
	struct stat st;

	printf("opendir %s\n", path);
	say("opened", directory != NULL ? 0 : -1);
	if (directory == NULL)
		return;
	errno = 0;
	while (count < 1024 && (entry = readdir(directory)) != NULL) {
		if (entry->d_type == DT_REG && fstatat(dirfd(directory), entry->d_name, &st, 0) == 0 &&
		    !S_ISREG(st.st_mode))
			printf("  %s isn't what it says\n", entry->d_name);
		found[count++] = strdup(entry->d_name);
	}
	say("ended with errno", errno);
	qsort(found, count, sizeof found[0], by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(found[i - 1], found[i]) == 0)
			printf("  %s twice\n", found[i]);
	for (; *names != NULL; names++)
		printf("  %s: %s\n", *names,
		       bsearch(names, found, count, sizeof found[0], by_name) != NULL ? "yes" : "no");
	rewinddir(directory);
	entry = readdir(directory);
	say("after rewinddir", entry != NULL ? 0 : -1);
	say("read of a directory", read(dirfd(directory), found, 8));
	closedir(directory);
}

static void directories(void)
{
	static const char *const proc[] = {".", "..", "net", "self", "version", "uptime", "sys", "nothing", NULL};
	static const char *const net[] = {".", "..", "tcp", "udp", "unix", "tcp/", "", NULL};
	static const char *const kernel[] = {".", "..", "osrelease", "hostname", NULL};
	char cwd[100];
	int fd;

	listing("/proc", proc);
	listing("/proc/net", net);
	listing("/proc/net/", net);
	listing("/proc/self/net", net);
	listing("/proc/sys/kernel", kernel);
	listing("/proc/version", kernel);
	listing("/proc/nothing", kernel);
	try_chdir("/proc/version");
	try_chdir("/proc/nothing");
	try_chdir("/proc");
	printf("  %s\n", getcwd(cwd, sizeof cwd));
	say("getcwd into 3 bytes", getcwd(cwd, 3) != NULL ? 0 : -1);
	try_open("version", O_RDONLY);
	try_open("./net/tcp", O_RDONLY);
	try_open("../proc/version", O_RDONLY);
	try_chdir("sys/kernel");
	printf("  %s\n", getcwd(cwd, sizeof cwd));
	try_open("osrelease", O_RDONLY);
	try_open("../../version", O_RDONLY);
	try_stat(".", true);
	try_stat("..", true);
	try_chdir("..");
	printf("  %s\n", getcwd(cwd, sizeof cwd));
	fd = open("/proc", O_RDONLY);
	say("fchdir", fchdir(fd));
	printf("  %s\n", getcwd(cwd, sizeof cwd));
	say_ok("fstat", fstat(fd, &(struct stat){0}));
	close(fd);
}

static void streams(void)
{
	char line[4096];
	FILE *file = fopen("/proc/version", "r");

	say("fopen r", file != NULL ? 0 : -1);
	say("fgets", fgets(line, sizeof line, file) != NULL ? 0 : -1);
	say("then the end", fgets(line, sizeof line, file) == NULL && feof(file) ? 0 : -1);
	rewind(file);
	say("after rewind", fgetc(file) == line[0] ? 0 : -1);
	fclose(file);
	say("fopen nothing", fopen("/proc/nothing", "r") != NULL ? 0 : -1);
	say("fopen a directory to write", fopen("/proc/sys", "w") != NULL ? 0 : -1);
}

static void file_systems(void)
{
	struct statfs fs;

	say("statfs /proc/net/tcp", statfs("/proc/net/tcp", &fs));
	printf("  type %lx namelen %ld bsize %ld\n", (unsigned long)fs.f_type, (long)fs.f_namelen, (long)fs.f_bsize);
	say("statfs /proc/nothing", statfs("/proc/nothing", &fs));
}

static void inodes(void)
{
	struct stat a, b;
	int fd = open("/proc/net/tcp", O_RDONLY);

	say("fstat", fstat(fd, &a));
	say("stat", stat("/proc/self/net/tcp", &b));
	printf("  same file: %d, same device: %d\n", a.st_ino == b.st_ino, a.st_dev == b.st_dev);
	stat("/proc/net/udp", &b);
	printf("  another file: %d\n", a.st_ino != b.st_ino);
	close(fd);
}

/* Pointers that lead nowhere. By number: the C library would look at some itself. */
static void bad_pointers(void)
{
	int fd = open("/proc/version", O_RDONLY);
	struct iovec parts[] = {{NULL, 4}};
	static char path[] = "/proc/version";
	long bad = 8;

	say("read to NULL", syscall(SYS_read, fd, NULL, 10));
	say("read 0 to NULL", syscall(SYS_read, fd, NULL, 0));
	say("read of nothing to NULL", syscall(SYS_read, 999, NULL, 10));
	say("pread", syscall(SYS_pread64, fd, bad, 4, 0));
	say("readv", syscall(SYS_readv, fd, parts, 1));
	say("readv of bad parts", syscall(SYS_readv, fd, bad, 1));
	say("read to far away", syscall(SYS_read, fd, -4096L, 10));
	say("write", syscall(SYS_write, 1, bad, 4));
	say("open", syscall(SYS_open, bad, O_RDONLY));
	say("openat", syscall(SYS_openat, AT_FDCWD, bad, O_RDONLY));
	say("stat to 8", syscall(SYS_stat, path, bad));
	say("stat of 8", syscall(SYS_stat, bad, bad));
	say("fstat", syscall(SYS_fstat, fd, bad));
	say("newfstatat", syscall(SYS_newfstatat, AT_FDCWD, path, bad, 0));
	say("statfs", syscall(SYS_statfs, path, bad));
	say("readlink", syscall(SYS_readlink, "/proc/net", bad, 10));
	say("access", syscall(SYS_access, bad, F_OK));
	say("chdir", syscall(SYS_chdir, bad));
	say("getcwd", syscall(SYS_getcwd, bad, 100));
	say("uname", syscall(SYS_uname, bad));
	say("clock_gettime", syscall(SYS_clock_gettime, 0, bad));
	say("nanosleep", syscall(SYS_nanosleep, bad, NULL));
	say("poll", syscall(SYS_poll, bad, 1, 0));
	say("sigaction", syscall(SYS_rt_sigaction, 10, bad, NULL, 8));
	say("still reads", read(fd, path, 4));
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	paths();
	opening();
	reading("/proc/version");
	reading("/proc/net/tcp");
	reading("/proc/sys/kernel/osrelease");
	descriptors();
	directories();
	streams();
	file_systems();
	inodes();
	bad_pointers();
	return 0;
}
