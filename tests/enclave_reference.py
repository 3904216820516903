# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image is as an enclave, written down a second time: from wire/image.h, the ELF
specification and the SDM, sharing no code with host/image. Slow and short.

    pages(image)      [(offset, secinfo flags, 4096 bytes)] and the enclave's size
    mrenclave(image)  as 32 bytes
    python3 enclave_reference.py FILE   prints the second in hexadecimal
"""
import hashlib
import struct
import sys

PAGE = 4096
GUARD = 65536
EXCEPTION_STACK = 65536
SSA_FRAMES = 3
R, W, X, TCS, REG = 1, 2, 4, 1 << 8, 2 << 8


def program_headers(elf):
    offset, = struct.unpack_from("<Q", elf, 32)
    count, = struct.unpack_from("<H", elf, 56)
    for i in range(count):
        kind, flags, file_offset, address, _, file_size, memory_size, _ = struct.unpack_from(
            "<IIQQQQQQ", elf, offset + 56 * i)
        yield kind, flags, elf[file_offset:file_offset + file_size], address, memory_size


def up(value):
    return (value + PAGE - 1) // PAGE * PAGE


def notes(elf):
    found = {}
    for kind, _, data, _, _ in program_headers(elf):
        at = 0
        while kind == 4 and at < len(data):
            name_size, size, number = struct.unpack_from("<III", data, at)
            name = data[at + 12:at + 12 + name_size]
            at += 12 + (name_size + 3) // 4 * 4
            if name == b"Bartizan\0":
                found[number] = data[at:at + size]
            at += (size + 3) // 4 * 4
    return found


def manifest(elf):
    names = "heap", "stack", "threads", "debug", "product", "svn"
    return dict(zip(names, struct.unpack_from("<QQIIHH", notes(elf)[1])))


def pages(elf):
    result = []
    wants = manifest(elf)

    def add(start, content, flags):
        content += bytes(up(len(content)) - len(content))
        result.extend((start + i, flags, content[i:i + PAGE]) for i in range(0, len(content), PAGE))
        return start + len(content)

    end = 0
    for kind, flags, data, address, memory_size in program_headers(elf):
        if kind == 1 and memory_size != 0:
            start = address // PAGE * PAGE
            content = bytes(address - start) + data + bytes(memory_size - len(data))
            end = add(start, content, REG | (R if flags & 4 else 0) | (W if flags & 2 else 0) | (X if flags & 1 else 0))
    entry, = struct.unpack_from("<Q", elf, 24)

    threads = []
    for _ in range(wants["threads"]):
        stack = end + GUARD
        exception_stack = stack + wants["stack"] + GUARD
        ssa = exception_stack + EXCEPTION_STACK + GUARD
        data = ssa + SSA_FRAMES * PAGE
        threads.append((stack, exception_stack, ssa, data))
        end = data + 2 * PAGE
    heap = end + GUARD
    size = PAGE
    while size < heap + wants["heap"] + GUARD:
        size *= 2
    for number, (stack, exception_stack, ssa, data) in enumerate(threads):
        add(stack, bytes(wants["stack"]), REG | R | W)
        add(exception_stack, bytes(EXCEPTION_STACK), REG | R | W)
        add(ssa, bytes(SSA_FRAMES * PAGE), REG | R | W)
        add(data, struct.pack("<11Q", data, number, stack, wants["stack"], exception_stack, EXCEPTION_STACK, ssa, PAGE,
                              heap, wants["heap"], size), REG | R | W)
        # STAGE, FLAGS, OSSA, CSSA, NSSA, OENTRY, reserved, OFSBASE, OGSBASE, FSLIMIT, GSLIMIT
        add(data + PAGE, struct.pack("<QQQIIQQQQII", 0, 0, ssa, 0, SSA_FRAMES, entry, 0, data, data, 0xfff, 0xfff), TCS)
    add(heap, bytes(wants["heap"]), REG | R | W)
    return result, size


def mrenclave(elf):
    all_pages, size = pages(elf)
    digest = hashlib.sha256(b"ECREATE\0" + struct.pack("<IQ", 1, size).ljust(56, b"\0"))
    for offset, flags, content in all_pages:
        digest.update(b"EADD\0\0\0\0" + struct.pack("<QQ", offset, flags).ljust(56, b"\0"))
        for chunk in range(0, PAGE, 256):
            digest.update(b"EEXTEND\0" + struct.pack("<Q", offset + chunk).ljust(56, b"\0"))
            digest.update(content[chunk:chunk + 256])
    return digest.digest()


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print(mrenclave(file.read()).hex())
