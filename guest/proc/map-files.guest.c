/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/map_files (fs/proc/base.c, 5.10 to 7.2): the files that a process has
 * mapped, each under the addresses of its area. */
#include "guest/proc/file.h"
#include "guest/proc/maps.h"
#include "guest/proc/shows.h"
#include "guest/proc/subject.h"
#include "guest/proc/types/files.h"
#include "guest/proc/vma.h"

enum {
	DIGIT_COUNT = 16, /* of an address */
	NAME_SIZE = 2 * DIGIT_COUNT + 2,
	TYPE_LINK = 0120000, /* S_IFLNK */
	MODE_READ = 0400,
	MODE_WRITE = 0200,
	FILE_MODE_READ = 1, /* FMODE_READ, FMODE_WRITE */
	FILE_MODE_WRITE = 2,
	LINK_SIZE = 64, /* proc_map_files_instantiate() says so of every one */
};

static s32 digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	character |= 0x20;
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* _parse_integer() to the base of 16; 0: no number without leading zeros. */
static u64 parse(const char *text, u64 *ret_value)
{
	u64 value = 0, length = 0;

	while (digit(text[length]) >= 0) {
		if (length == DIGIT_COUNT)
			return 0;
		value = value << 4 | (u64)digit(text[length++]);
	}
	if (length > 1 && text[0] == '0')
		return 0;
	*ret_value = value;
	return length;
}

/* dname_to_vma_addr(), find_exact_vma() */
static const struct file *mapped_subject(void)
{
	const struct mm_struct *mm = mm_subject();
	const struct vm_area_struct *vma;
	char name[PROC_REST_SIZE_MAX];
	u64 start = 0, end = 0, length, more;

	subject_rest(name, sizeof name);
	length = parse(name, &start);
	if (length == 0 || name[length] != '-')
		guest_fail(STATUS_MISSING, "the name isn't two addresses");
	more = parse(name + length + 1, &end);
	if (more == 0 || name[length + 1 + more] != '\0')
		guest_fail(STATUS_MISSING, "the name isn't two addresses");
	vma = mm != NULL ? vma_find(mm, start) : NULL;
	if (vma == NULL || vma->vm_start != start || vma->vm_end != end || vma->vm_file == NULL)
		guest_fail(STATUS_MISSING, "no file is mapped there");
	return vma->vm_file;
}

static u32 link_mode(const struct file *file)
{
	return TYPE_LINK | ((file->f_mode & FILE_MODE_READ) != 0 ? MODE_READ : 0) |
	       ((file->f_mode & FILE_MODE_WRITE) != 0 ? MODE_WRITE : 0);
}

void pid_map_files_text(struct seq *seq)
{
	path_link(seq, file_path_mapped(mapped_subject()));
}

void pid_map_files_stat(void *answer)
{
	inode_stat(file_path_mapped(mapped_subject())->dentry->d_inode, answer);
}

void pid_map_files_own(void *argument)
{
	struct stat_answer *answer = argument;

	answer->mode = link_mode(mapped_subject());
	answer->size = LINK_SIZE;
}

static char *write_address(char *at, u64 address)
{
	u32 shift = 60;

	while (shift > 0 && address >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		*at++ = "0123456789abcdef"[address >> shift & 15];
		if (shift == 0)
			return at;
	}
}

struct entry {
	struct listing *listing;
	const struct vm_area_struct *vma;
};

static void add_entry(void *argument)
{
	const struct entry *entry = argument;
	char name[NAME_SIZE], *at;

	if (entry->vma->vm_file == NULL)
		return;
	at = write_address(name, entry->vma->vm_start);
	*at++ = '-';
	at = write_address(at, entry->vma->vm_end);
	*at = '\0';
	listing_add(entry->listing, name, link_mode(entry->vma->vm_file), 0);
}

void pid_map_files_list(struct listing *listing)
{
	const struct mm_struct *mm = mm_subject();
	struct entry entry = {.listing = listing};
	struct vma_walk walk;

	if (mm == NULL)
		return; /* the directory is empty */
	vma_walk_start(&walk, mm, 0);
	while ((entry.vma = vma_walk_next(&walk)) != NULL)
		if (guest_try(add_entry, &entry) != STATUS_OK)
			listing_fault(listing, "the file of an area of memory can't be read");
}
