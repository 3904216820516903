# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image costs as an enclave: every page is added and measured at each start. And what happens where its memory
is too small: an answer is whole, or it is an error that says what to raise."""
import glob
import os
import subprocess

import pytest

from conftest import ROOT
from enclave_reference import EXCEPTION_STACK, PAGE, SSA_FRAMES, manifest, notes, program_headers, up

PAGES_MAX = (16 << 20) // PAGE
IMAGES = sorted(glob.glob(os.path.join(ROOT, "build/ports/*.enclave")))
CC = os.path.join(ROOT, "tools/bartizan-cc")
CAT = os.path.join(ROOT, "enclave/programs/cat")
SOCKETS = 1500   # /proc/net/tcp of 220 KiB
STEP_KIB = 128 if os.environ.get("BARTIZAN_TEST_FULL") == "1" else 256   # an image is a link each


def pages_of(elf):
    """All that are added: the ELF's segments, and for each thread its stacks, SSA frames, data page and TCS; the heap."""
    load = sum(up(address % PAGE + size) // PAGE for kind, _, _, address, size in program_headers(elf) if kind == 1)
    wants = manifest(elf) if 1 in notes(elf) else {"heap": 0, "stack": 0, "threads": 1}
    if load * PAGE > wants["heap"]:   # an image that has heap and stack in its own data
        wants.update(heap=0, stack=0)
    thread = wants["stack"] + EXCEPTION_STACK + (SSA_FRAMES + 2) * PAGE
    return load + (wants["threads"] * thread + wants["heap"]) // PAGE


@pytest.mark.parametrize("name", ["netstat", "route", "arp", "ifconfig"])
def test_an_image_has_at_most_16_mib_of_pages(name):
    path = next((p for p in IMAGES if os.path.basename(p) == f"{name}.enclave"), None)
    assert path, f"there is no build/ports/{name}.enclave: run `make build` first"
    with open(path, "rb") as file:
        pages = pages_of(file.read())
    # Less than this would be a count that forgot the heap.
    assert (8 << 20) // PAGE <= pages <= PAGES_MAX, f"{pages * PAGE / 2**20:.2f} MiB"


@pytest.fixture(scope="module")
def cat_with_heap(tmp_path_factory):
    directory = tmp_path_factory.mktemp("images")

    def build(size):
        with open(f"{CAT}.manifest", encoding="utf-8") as file:
            text = "".join(f"heap {size}K\n" if line.startswith("heap ") else line for line in file)
        (directory / "manifest").write_text(text)
        image = directory / f"cat-{size}.enclave"
        subprocess.run([CC, f"--manifest={directory}/manifest", "-O1", "-std=gnu2x", "-D_GNU_SOURCE",
                        f"-I{ROOT}/build/include/enclave/vfs", "-o", image, f"{CAT}.c"], check=True)
        return str(image)
    return build


def test_with_any_heap_a_file_is_whole_or_an_error_that_names_the_heap(bartizan, guest, cat_with_heap):
    guest.exec(["sockets", "--tcp", str(SOCKETS)])
    outcomes = set()
    with guest.paused():
        expected = bartizan("cat", "--target", guest.target, "net/tcp")
        assert expected.returncode == 0 and expected.stdout.count(b"\n") > SOCKETS
        for size in [1024, 2048, 4096, 5120, 6144, 7168, *range(8192, 10240, STEP_KIB), 11264, 12288]:
            done = bartizan("run", "--target", guest.target, cat_with_heap(size), "/proc/net/tcp")
            outcomes.add(done.returncode == 0)
            if done.returncode == 0:
                assert done.stdout == expected.stdout and b"heap" not in done.stderr, (size, done.stderr)
            else:
                assert done.returncode == 1 and b"raise `heap` in" in done.stderr, (size, done.stderr)
    assert outcomes == {True, False}
