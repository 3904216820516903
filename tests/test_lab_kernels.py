# SPDX-License-Identifier: GPL-2.0-or-later
"""lab/fetch-kernel, on made-up systems: apt's tools are replaced by ones that know three packages."""
import os
import signal
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(ROOT, "lab/fetch-kernel")
KEYRINGS = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"]

DEB822 = """\
# Modernized from another file.
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main non-free-firmware # trailing
deb-src https://source.example/debian bookworm main
deb https://mirror.example/debian-security/ bookworm-security main
"""
THIRD_PARTY = """\
deb https://containers.example/linux/debian bookworm stable
deb https://tools.example bookworm main
"""
SNAPSHOT = """\
deb [check-valid-until=no] http://snapshot.example/archive/debian/20250520T000000Z bookworm main
"""
MIRROR_LIST = """\
Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie
Components: main

Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian-security.list
Suites: trixie-security
Components: main
"""
DISABLED = "Enabled: no\n" + DEB822.split("\n\n", maxsplit=1)[0].split("\n", 1)[1] + "\n"


@pytest.fixture
def apt_directory(tmp_path):
    def make(**files):
        (tmp_path / "apt/sources.list.d").mkdir(parents=True)
        for name, text in files.items():
            kind = name.replace("_", ".")
            (tmp_path / "apt" / (kind if kind == "sources.list" else f"sources.list.d/{kind}")).write_text(text)
        return tmp_path / "apt"

    return make


def fetch_kernel(tmp_path, *arguments, **environment):
    return subprocess.run(["sh", SCRIPT, "--cache", str(tmp_path / "cache"), *arguments], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, env={**os.environ, **environment}, timeout=120)


@pytest.mark.parametrize("files, archive, security", [
    ({"debian_sources": DEB822}, "http://mirror.example/debian/", "http://mirror.example/debian-security"),
    ({"sources_list": ONE_LINE}, "https://mirror.example/debian", "https://mirror.example/debian-security/"),
    ({"extra_list": THIRD_PARTY, "z_list": ONE_LINE}, "https://mirror.example/debian",
     "https://mirror.example/debian-security/"),
    ({"old_list": SNAPSHOT}, "http://snapshot.example/archive/debian/20250520T000000Z", None),
    ({"debian_sources": MIRROR_LIST}, "mirror+file:///etc/apt/mirrors/debian.list",
     "mirror+file:///etc/apt/mirrors/debian-security.list"),
    ({"a_sources": DISABLED, "b_list": ONE_LINE}, "https://mirror.example/debian",
     "https://mirror.example/debian-security/"),
    ({"only_list": THIRD_PARTY}, None, None),
])
def test_archive_is_taken_from_apts_own_sources(tmp_path, apt_directory, files, archive, security):
    done = fetch_kernel(tmp_path, "--apt", str(apt_directory(**files)), "archives")
    assert done.stdout.split() == [address for address in (archive, security) if address]


def test_system_without_the_debian_archive_is_told_what_to_set(tmp_path, apt_directory):
    done = fetch_kernel(tmp_path, "--apt", str(apt_directory(only_list=THIRD_PARTY)), "get", "6.1")
    assert done.returncode != 0
    assert "BARTIZAN_DEBIAN_ARCHIVE" in done.stderr


APT_GET = """#!/bin/sh
# Knows `update` and `download PACKAGE…`; FETCH_SECONDS is how long a download takes.
for word; do
    [ "$word" != update ] || exit 0
    if [ -n "${found-}" ]; then sleep "${FETCH_SECONDS-0}"; cp "$PACKAGES/$word.deb" . || exit 100; echo "$word" >>"$PACKAGES/log"; fi
    [ "$word" != download ] || found=1
done
"""
APT_CACHE = """#!/bin/sh
for word; do last=$word; done
cd "$PACKAGES"
case " $* " in
*" pkgnames "*) ls | sed -n 's/\\.deb$//p' | grep "^$last" ;;
*) ls | sed -n 's/\\.deb$/ - a kernel/p' ;;
esac
"""


def make_package(directory, name, files):
    tree = directory / "tree" / name
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody\nDescription: x\n")
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(directory / f"{name}.deb")], check=True,
                   stdout=subprocess.DEVNULL)


def classic(directory, version):
    make_package(directory, f"linux-image-{version}", {f"boot/vmlinuz-{version}": version,
                                                       f"lib/modules/{version}/kernel/a.ko": "module"})


@pytest.fixture
def archive(tmp_path):
    """Made-up packages and tools; the result is the environment to run in."""
    if not any(os.path.exists(keyring) for keyring in KEYRINGS):
        pytest.skip("no debian-archive-keyring")
    packages = tmp_path / "packages"
    packages.mkdir()
    for version in ("6.1.0-9-cloud-amd64", "6.1.0-10-cloud-amd64", "6.12.3+deb12-cloud-amd64"):
        classic(packages, version)
    classic(packages, "6.1.0-99-cloud-amd64-dbg")
    new = "7.9.1+deb14-cloud-amd64"
    make_package(packages, f"linux-image-{new}", {"usr/share/doc/x": "empty"})
    make_package(packages, f"linux-binary-{new}", {f"usr/lib/modules/{new}/vmlinuz": new})
    make_package(packages, f"linux-modules-{new}", {f"usr/lib/modules/{new}/kernel/a.ko": "module"})
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"apt-get": APT_GET, "apt-cache": APT_CACHE}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "PACKAGES": str(packages),
            "BARTIZAN_DEBIAN_ARCHIVE": "http://mirror.example/debian"}


def downloads(archive):
    with open(os.path.join(archive["PACKAGES"], "log"), encoding="utf-8") as f:
        return f.read().split()


@pytest.mark.parametrize("word, version", [
    ("6.1", "6.1.0-10-cloud-amd64"), ("6.12", "6.12.3+deb12-cloud-amd64"), ("newest", "7.9.1+deb14-cloud-amd64"),
    ("7.9", "7.9.1+deb14-cloud-amd64"), ("6.1.0-9-cloud-amd64", "6.1.0-9-cloud-amd64")])
def test_word_stands_for_its_highest_version(tmp_path, archive, word, version):
    done = fetch_kernel(tmp_path, "get", word, **archive)
    assert done.returncode == 0, done.stderr
    directory = done.stdout.strip()
    assert os.path.basename(directory) == version
    with open(os.path.join(directory, "vmlinuz"), encoding="utf-8") as f:
        assert f.read() == version
    assert os.path.exists(os.path.join(directory, "modules/kernel/a.ko"))


def test_cached_kernel_is_not_fetched_again(tmp_path, archive):
    first = fetch_kernel(tmp_path, "get", "6.1", **archive)
    again = fetch_kernel(tmp_path, "get", "6.1", **archive)
    assert first.stdout == again.stdout != ""
    assert again.stderr == ""
    assert downloads(archive) == ["linux-image-6.1.0-10-cloud-amd64"]


def test_refresh_finds_a_newer_version(tmp_path, archive):
    fetch_kernel(tmp_path, "get", "6.1", **archive)
    classic(tmp_path / "packages", "6.1.0-11-cloud-amd64")
    done = fetch_kernel(tmp_path, "--refresh", "get", "6.1", **archive)
    assert done.stdout.strip().endswith("/6.1.0-11-cloud-amd64")
    assert "6.1 6.1.0-11-cloud-amd64" in fetch_kernel(tmp_path, "list", **archive).stdout


def test_list_names_what_is_cached(tmp_path, archive):
    assert fetch_kernel(tmp_path, "list", **archive).stdout == "5.10 -\n6.1 -\n6.12 -\nnewest -\n"
    fetch_kernel(tmp_path, "get", "newest", **archive)
    assert fetch_kernel(tmp_path, "list", **archive).stdout.endswith("\n7.9 7.9.1+deb14-cloud-amd64\n")


def test_kernel_that_is_nowhere_is_said(tmp_path, archive):
    done = fetch_kernel(tmp_path, "get", "4.19", **archive)
    assert done.returncode != 0
    assert '"4.19"' in done.stderr


def test_killed_fetch_leaves_nothing_that_looks_whole(tmp_path, archive):
    slow = subprocess.Popen(["sh", SCRIPT, "--cache", str(tmp_path / "cache"), "get", "6.1"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env={**os.environ, **archive, "FETCH_SECONDS": "3"},
                            start_new_session=True)
    end = time.monotonic() + 60
    while not list((tmp_path / "cache").glob(".work*")):
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(slow.pid, signal.SIGKILL)
    slow.wait()
    assert not [name for name in os.listdir(tmp_path / "cache") if name.startswith("6.1")]
    done = fetch_kernel(tmp_path, "get", "6.1", **archive)
    assert done.returncode == 0, done.stderr
    assert not [name for name in os.listdir(tmp_path / "cache") if name.startswith(".work")]


def test_two_fetches_at_once_download_once(tmp_path, archive):
    fetches = [subprocess.Popen(["sh", SCRIPT, "--cache", str(tmp_path / "cache"), "get", "6.1"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, env={**os.environ, **archive, "FETCH_SECONDS": "1"})
               for _ in range(3)]
    answers = {fetch.communicate(timeout=120)[0] for fetch in fetches}
    assert len(answers) == 1 and answers.pop().strip().endswith(b"/6.1.0-10-cloud-amd64")
    assert downloads(archive) == ["linux-image-6.1.0-10-cloud-amd64"]


def add_headers(directory, abi):
    own, common = f"linux-headers-{abi}-cloud-amd64", f"linux-headers-{abi}-common"
    make_package(directory, own, {f"usr/src/{own}/include/generated/utsrelease.h": f'#define UTS_RELEASE "{abi}"',
                                  f"usr/src/{own}/arch/x86/include/generated/asm/a.h": "", f"usr/src/{own}/Makefile": ""})
    make_package(directory, common, {f"usr/src/{common}/include/linux/sched.h": abi,
                                     f"usr/src/{common}/arch/x86/include/asm/a.h": "", f"usr/src/{common}/scripts": ""})


def headers_of(tmp_path, archive, word="6.1"):
    done = fetch_kernel(tmp_path, "headers", word, **archive)
    assert done.returncode == 0, done.stderr
    directory = done.stdout.strip()
    assert os.path.exists(os.path.join(directory, "include/generated/utsrelease.h"))
    return os.path.basename(directory)


def test_headers_are_those_of_the_kernel_that_is_here(tmp_path, archive):
    add_headers(tmp_path / "packages", "6.1.0-10")
    fetch_kernel(tmp_path, "get", "6.1", **archive)
    classic(tmp_path / "packages", "6.1.0-11-cloud-amd64")
    add_headers(tmp_path / "packages", "6.1.0-11")
    assert headers_of(tmp_path, archive) == headers_of(tmp_path, archive) == "linux-headers-6.1.0-10-cloud-amd64"
    assert len(downloads(archive)) == 3


def test_kernel_that_is_fetched_later_is_that_of_the_headers(tmp_path, archive):
    add_headers(tmp_path / "packages", "6.1.0-10")
    assert headers_of(tmp_path, archive) == "linux-headers-6.1.0-10-cloud-amd64"
    classic(tmp_path / "packages", "6.1.0-11-cloud-amd64")
    assert fetch_kernel(tmp_path, "get", "6.1", **archive).stdout.strip().endswith("/6.1.0-10-cloud-amd64")


def test_kernel_moves_on_with_the_headers_where_the_archive_has_only_newer_ones(tmp_path, archive):
    fetch_kernel(tmp_path, "get", "6.1", **archive)
    classic(tmp_path / "packages", "6.1.0-11-cloud-amd64")
    add_headers(tmp_path / "packages", "6.1.0-11")
    assert headers_of(tmp_path, archive) == "linux-headers-6.1.0-11-cloud-amd64"
    assert fetch_kernel(tmp_path, "get", "6.1", **archive).stdout.strip().endswith("/6.1.0-11-cloud-amd64")


def test_headers_that_are_nowhere_are_said(tmp_path, archive):
    done = fetch_kernel(tmp_path, "headers", "6.1", **archive)
    assert done.returncode != 0
    assert 'no headers of a kernel "6.1"' in done.stderr
