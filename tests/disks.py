# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks for a guest of the lab: two of memory (the first with partitions: ext4 and swap; the second vfat), and one
that is a file of the first (ext2), mounted here and there in different ways."""

# vfat is seen by one process only: before 5.11 kernels say nothing of how modules keep their options.
DISKS = """
set -e
cd /lib/modules
for module in $(cat other); do
    case $module in
    brd.ko) insmod $module rd_nr=2 rd_size=16384 max_part=8 ;;
    loop.ko) insmod $module max_loop=1 ;;
    *) insmod $module ;;
    esac
done
printf 'o\\nn\\np\\n1\\n\\n+10M\\nn\\np\\n2\\n\\n\\nt\\n2\\n82\\nw\\n' | fdisk /dev/ram0 >/dev/null 2>&1 || true
mkdir -p /mnt/disk '/mnt/bound to' /mnt/dos /mnt/loop
/usr/sbin/mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/ram0p1 2>/dev/null
mount -t ext4 -o noatime,nodelalloc,commit=30,errors=panic,data=writeback,stripe=4,noinit_itable /dev/ram0p1 /mnt/disk
mkdir /mnt/disk/below
mount -o bind /mnt/disk/below '/mnt/bound to'
mount -o remount,bind,ro,nosuid,noexec '/mnt/bound to'
mkswap /dev/ram0p2 >/dev/null
swapon /dev/ram0p2
dd if=/dev/zero of=/mnt/disk/file bs=64k count=16 2>/dev/null
/usr/sbin/mke2fs -q -t ext2 /mnt/disk/file
losetup /dev/loop0 /mnt/disk/file
mount -t ext2 -o ro,resuid=7,nouid32 /dev/loop0 /mnt/loop
mkdosfs /dev/ram1 >/dev/null
unshare -m sh -c '
    mount --make-rprivate /
    mount -t vfat -o ro,uid=1000,gid=1,fmask=0137,dmask=0027,shortname=mixed,errors=continue,quiet /dev/ram1 /mnt/dos
    exec sleep 1000000' </dev/null >/dev/null 2>&1 &
sync
sleep 1
"""
