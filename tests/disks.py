# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks for a guest of the lab: two of memory (the first with partitions: ext4 and swap; the second vfat), and one
that is a file of the first (ext2), mounted here and there in different ways. And, once that was looked at, further
kinds of file systems, whose kernel modules bring many threads of their own (OTHERS)."""
import gzip
import lzma
import os
import re
import struct
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
disk iso9660
mount -t iso9660 -o ro $disk iso9660
mkdir 'another iso' 'another udf'
losetup -d "$disk"; disk=$(losetup -f); losetup "$disk" iso9660.image
mount -t iso9660 -o ro,norock,uid=5,gid=6,mode=0440,dmode=0550,block=2048,check=r,map=a,iocharset=ascii,sbsector=0,cruft,hide,showassoc,overriderockperm,nocompress \
    $disk 'another iso'
disk udf
mount -t udf -o ro $disk udf
cp udf.image 'udf, too.image'; disk=$(losetup -f); losetup "$disk" 'udf, too.image'
mount -t udf -o bs=2048,noadinicb,shortad,uid=7,gid=8,umask=022,mode=0444,dmode=0555,unhide,undelete,novrs,anchor=256,iocharset=ascii $disk 'another udf'
for place in 'a directory' btrfs xfs; do echo content >"$place/written"; done
exec 3<'a directory/written' 4<btrfs/written 5<xfs/written 6<squashfs/fstab
cd 'a subvolume'
echo $$ >/tmp/others
exec sleep 1000000
"""


# The guest is server and client of NFS; no mountd, so that what it would say is written by hand.
SERVER = r"""
set -e
ip link set lo up
mkdir -p /tmp/exported/below
mount -t tmpfs -o size=1m exported /tmp/exported
mkdir "/tmp/exported/a place"
mount -t nfsd nfsd /proc/fs/nfsd
echo 'nfsd 127.0.0.1 2147483647 everybody' >/proc/net/rpc/auth.unix.ip/channel
echo 'everybody /tmp/exported 2147483647 9218 65534 65534 0' >/proc/net/rpc/nfsd.export/channel
echo 'everybody 1 \x00000000 2147483647 /tmp/exported' >/proc/net/rpc/nfsd.fh/channel
echo '-2 -3 +4 +4.1 +4.2' >/proc/fs/nfsd/versions 2>/dev/null || echo '-3 +4 +4.1 +4.2' >/proc/fs/nfsd/versions
echo 1 >/proc/fs/nfsd/threads
"""

NETWORK = r"""
set -e
mount --make-rprivate /
mount -t tmpfs none /mnt
cd /mnt
mkdir nfs old place
mount -t nfs4 -o addr=127.0.0.1,clientaddr=127.0.0.1,vers=4.2,proto=tcp,sec=sys,rsize=65536,wsize=32768 127.0.0.1:/ nfs
mount -t nfs4 -o addr=127.0.0.1,clientaddr=127.0.0.1,vers=4.1,nosharecache,soft,timeo=70,retrans=4,acregmin=7,acdirmax=99,nocto,noac,lookupcache=none,nconnect=2,local_lock=flock,noresvport \
    '127.0.0.1:/a place' place
mkdir 'place/further'
mount --bind nfs 'old'
echo $$ >/tmp/network
exec sleep 1000000
"""


def directory_record(sector, name, more=b""):
    """ECMA-119, 9.1: of a directory of one sector."""
    both = struct.pack("<I", sector) + struct.pack(">I", sector) + struct.pack("<I", 2048) + struct.pack(">I", 2048)
    return bytes([34 + len(more), 0]) + both + bytes(7) + b"\2\0\0\1\0\0\1" + bytes([1, name]) + more


def iso9660_image():
    """Two empty directories as the tree's root: one for who reads Rock Ridge's additions, one for who reads Joliet's."""
    def volume(kind, root, escape=b""):
        text = bytearray(2048)
        text[:7] = bytes([kind]) + b"CD001\1"
        text[80:88] = struct.pack("<I", 64) + struct.pack(">I", 64)
        text[88:88 + len(escape)] = escape
        for at, value in ((120, 1), (124, 1), (128, 2048)):
            text[at:at + 4] = struct.pack("<H", value) + struct.pack(">H", value)
        text[156:190] = directory_record(root, 0)
        text[881] = 1
        return bytes(text)
    rock = b"SP\7\1\xbe\xef\0" + b"RR\5\1\x81"
    roots = [(directory_record(sector, 0, more) + directory_record(sector, 1)).ljust(2048, b"\0") for sector, more in ((19, rock), (20, b""))]
    return (bytes(16 * 2048) + volume(1, 19) + volume(2, 20, b"%/E") + b"\xffCD001\1".ljust(2048, b"\0") + b"".join(roots)).ljust(64 * 2048, b"\0")


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
            add(needed.replace("-", "_"))
        found[name] = data
    for name in names:
        add(name)
    return found.items()


def image_of(kind, directory):
    """A small one, as gzip. mkfs.xfs makes those for its own tests only."""
    if kind == "iso9660":
        return gzip.compress(iso9660_image(), 1)
    if kind == "udf":
        # mkudffs --media-type=hd -b 2048
        with open(os.path.join(os.path.dirname(__file__), "disk.udf.xz"), "rb") as f:
            return gzip.compress(lzma.decompress(f.read()), 1)
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


def load_modules(guest, kernel_directory, names):
    for name, data in modules_for(kernel_directory, names):
        # One that is there already has come with another one.
        guest.exec(["sh", "-c", f"grep -q '^{name} ' /proc/modules || {{ cat >/tmp/module.ko && insmod /tmp/module.ko; rm -f /tmp/module.ko; }}"], input=data)


def keep(guest, script, said):
    """Gives the number of the process that has what the script mounts."""
    said = guest.exec(["sh", "-c", "unshare -m sh -c \"$1\" </dev/null >/dev/null 2>/tmp/said & "
                       f"until grep -qs sleep /proc/$(cat /tmp/{said} 2>/dev/null)/comm || ! kill -0 $!; do sleep 0.1; done; cat /tmp/said /tmp/{said} 2>&1",
                       "sh", script], check=False).stdout
    assert said.strip().isdigit(), said.decode()
    return int(said)


def mount_others(guest, kernel_directory, directory):
    """Gives the number of the process that has them."""
    subvolume = os.path.join(directory, "subvolume")
    subprocess.run(["cc", "-static", "-O1", "-o", subvolume, os.path.join(os.path.dirname(__file__), "inside/subvolume.c")], check=True, timeout=120)
    with open(subvolume, "rb") as f:
        guest.exec(["sh", "-c", "cat >/tmp/subvolume && chmod +x /tmp/subvolume"], input=f.read())
    for kind in ("xfs", "squashfs", "btrfs", "iso9660", "udf"):
        guest.exec(["sh", "-c", f"cat >/tmp/{kind}.gz"], input=image_of(kind, directory))
    load_modules(guest, kernel_directory, ("xfs", "squashfs", "btrfs", "isofs", "udf"))
    return keep(guest, OTHERS, "others")


def mount_network(guest, kernel_directory):
    """The same of file systems of other machines, which are this one."""
    load_modules(guest, kernel_directory, ("nfsd", "nfsv4"))
    guest.exec(["sh", "-c", SERVER])
    return keep(guest, NETWORK, "network")
