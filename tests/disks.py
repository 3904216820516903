# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks for a guest of the lab: two of memory (the first with partitions: ext4 and swap; the second vfat), and one
that is a file of the first (ext2), mounted here and there in different ways. And, once that was looked at, further
kinds of file systems, whose kernel modules bring many threads of their own (OTHERS)."""
import gzip
import lzma
import os
import re
import subprocess

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
[ ! -e /dev/fuse ] || chmod 666 /dev/fuse
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

IMAGE_SIZE = 24 << 20

# Made here, of this machine's tools, and mounted in the guest by a process of its own, which has files of them open; with
# options that aren't the usual ones, so that there is something to be said.
OTHERS = """
set -e
mount --make-rprivate /
mount -t tmpfs none /mnt
cd /mnt
disk() {
    zcat "/tmp/$1.gz" >"$1.image"
    disk=$(losetup -f)
    losetup "$disk" "$1.image"
    mkdir "$1"
}
disk xfs
mount -t xfs -o wsync,filestreams,largeio,allocsize=64k,logbufs=4,logbsize=64k,uquota,pqnoenforce,grpid $disk xfs
disk squashfs
mount -t squashfs $disk squashfs
disk btrfs
mount -t btrfs -o compress=zstd:5,ssd,noacl,commit=17,max_inline=1000,metadata_ratio=3,autodefrag,thread_pool=5,flushoncommit $disk btrfs
mkdir 'btrfs/a place' 'a subvolume' 'a directory'
/tmp/subvolume 'btrfs/a place' '@, home'
mkdir -p 'btrfs/a place/@, home/below/deeper'
mount --bind 'btrfs/a place/@, home' 'a subvolume'
mount --bind 'btrfs/a place/@, home/below/deeper' 'a directory'
mkdir program another
exec 7<>/dev/fuse 8<>/dev/fuse
mount -t fuse.sshfs -o fd=7,rootmode=40000,user_id=1000,group_id=100,allow_other,max_read=65536 'host:/a b' program
mount -t fuse -o fd=8,rootmode=40000,user_id=0,group_id=0,default_permissions /dev/fuse another
for place in 'a directory' btrfs xfs; do echo content >"$place/written"; done
exec 3<'a directory/written' 4<btrfs/written 5<xfs/written 6<squashfs/fstab
cd 'a subvolume'
echo $$ >/tmp/others
exec sleep 1000000
"""


def module_bytes(path):
    with open(path, "rb") as f:
        data = f.read()
    return lzma.decompress(data) if path.endswith(".xz") else data


def modules_for(kernel_directory, names):
    """[(name, bytes)] of those that are modules there, each behind those that it depends on."""
    files, found = {}, {}
    for directory, _, entries in os.walk(os.path.join(kernel_directory, "modules")):
        files.update({match.group(1).replace("-", "_"): os.path.join(directory, match.group(0)) for entry in entries
                      if (match := re.fullmatch(r"(.*)\.ko(\.xz)?", entry))})

    def add(name):
        if name in found or name not in files:
            return
        data = module_bytes(files[name])
        for needed in re.search(rb"(?:^|\0)depends=([^\0]*)\0", data).group(1).decode().split(","):
            add(needed)
        found[name] = data
    for name in names:
        add(name)
    return found.items()


def image_of(kind, directory):
    """A small one, as gzip. mkfs.xfs makes those for its own tests only."""
    path = os.path.join(directory, kind)
    source = os.path.join(directory, "source")
    os.makedirs(source, exist_ok=True)
    with open(os.path.join(source, "fstab"), "w", encoding="utf-8") as f:
        f.write("# nothing\n")
    if kind != "squashfs":
        with open(path, "wb") as f:
            f.truncate(IMAGE_SIZE)
    command = {"xfs": ["mkfs.xfs", "-q", "-i", "nrext64=0", "-d", "sunit=64,swidth=128", path], "btrfs": ["mkfs.btrfs", "-q", "--mixed", path],
               "squashfs": ["mksquashfs", source, path, "-quiet", "-no-progress"]}[kind]
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "TEST_DIR": "1", "TEST_DEV": "1", "QA_CHECK_FS": "1"}
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=120)
    with open(path, "rb") as f:
        return gzip.compress(f.read(), 1)


def mount_others(guest, kernel_directory, directory):
    """Gives the number of the process that has them."""
    subvolume = os.path.join(directory, "subvolume")
    subprocess.run(["cc", "-static", "-O1", "-o", subvolume, os.path.join(os.path.dirname(__file__), "inside/subvolume.c")], check=True, timeout=120)
    with open(subvolume, "rb") as f:
        guest.exec(["sh", "-c", "cat >/tmp/subvolume && chmod +x /tmp/subvolume"], input=f.read())
    for kind in ("xfs", "squashfs", "btrfs"):
        guest.exec(["sh", "-c", f"cat >/tmp/{kind}.gz"], input=image_of(kind, directory))
    for name, data in modules_for(kernel_directory, ("xfs", "squashfs", "btrfs")):
        # One that is there already has come with another one.
        guest.exec(["sh", "-c", f"grep -q '^{name} ' /proc/modules || {{ cat >/tmp/module.ko && insmod /tmp/module.ko; rm -f /tmp/module.ko; }}"], input=data)
    said = guest.exec(["sh", "-c", "unshare -m sh -c \"$1\" </dev/null >/dev/null 2>/tmp/said & "
                       "until grep -qs sleep /proc/$(cat /tmp/others 2>/dev/null)/comm || ! kill -0 $!; do sleep 0.1; done; cat /tmp/said /tmp/others 2>&1", "sh", OTHERS], check=False).stdout
    assert said.strip().isdigit(), said.decode()
    return int(said)
