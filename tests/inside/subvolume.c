/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a subvolume of btrfs in a directory: subvolume DIRECTORY NAME. Runs in a guest. */
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	struct btrfs_ioctl_vol_args what = {0};
	int directory = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (directory >= 0)
		strncpy(what.name, argv[2], sizeof what.name - 1);
	if (directory < 0 || ioctl(directory, BTRFS_IOC_SUBVOL_CREATE, &what) != 0) {
		perror("subvolume");
		return 1;
	}
	return 0;
}
