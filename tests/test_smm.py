# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that watches itself through its firmware, and root in it who'd rather it didn't. Building the firmware takes
minutes: only BARTIZAN_TEST_FULL=1 does; without, this runs where it is built already for this user and these sources."""
import contextlib
import errno
import json
import os
import shutil
import struct
import subprocess
import time
import uuid

import pytest

import smm
import uefi_variable
from conftest import Guest
from link_client import CHECK, LIMIT, OK, RAM_MAP, RECORD, REGISTERS, UNMAPPED, Refused, head, operation, read

FULL = os.environ.get("BARTIZAN_TEST_FULL") == "1"

RUN = ["bartizan", "run", "--quiet", "--target", "smm:", "--profile", "/run/kernel.profile"]


@pytest.fixture(scope="module")
def signer():
    """Who alone may change the owner's variable."""
    return uefi_variable.Signer("signer")


@pytest.fixture(scope="module", params=["bookworm", "trixie"] if FULL else [os.environ.get("BARTIZAN_FIRMWARE_SUITE", "bookworm")])
def firmware(request, tmp_path_factory, signer):
    """As it is built of either release's edk2, and in its flash an owner's variable that somebody has signed."""
    built = smm.built_firmware(builds=FULL, suite=request.param)
    if built is None:
        pytest.skip("OVMF with our driver isn't built (bartizan lab up NAME --firmware smm): BARTIZAN_TEST_FULL=1 builds it")
    directory = tmp_path_factory.mktemp("firmware")
    for name in ("OVMF_CODE.fd", "OVMF_VARS.fd"):
        shutil.copy(os.path.join(built, name), directory / name)
    (directory / "signer.crt").write_bytes(signer.pem())
    subprocess.run([os.path.join(smm.ROOT, "tools/build/owner-variable"), directory / "OVMF_VARS.fd",
                    os.path.join(smm.state_directory(), "owner.pub"), directory / "signer.crt"], check=True, timeout=60)
    return directory


@contextlib.contextmanager
def booted(bartizan, firmware, directory, cpus):
    machine = Guest(bartizan, "--firmware", str(firmware), "--cpus", str(cpus))
    machine.cpus = cpus
    kernel = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/kernels",
                          machine.describe()["kernel"], "vmlinuz")
    assert bartizan("profile", "build", "-o", str(directory / "profile"), kernel).returncode == 0
    machine.exec(["sh", "-c", "cat >/run/kernel.profile"], input=(directory / "profile").read_bytes())
    yield machine
    machine.down()


@pytest.fixture(scope="module")
def machine(bartizan, firmware, tmp_path_factory):
    with booted(bartizan, firmware, tmp_path_factory.mktemp("smm"), 2 if FULL else 1) as machine:
        yield machine


@pytest.fixture(scope="module", autouse=True)
def canary(machine):
    canary = smm.Canary(machine)
    yield canary
    canary.remove()


@pytest.fixture(scope="module")
def kernel_module(machine):
    """The attacker owns the kernel, too."""
    smm.insert_module(machine, "tests/smi-kernel", machine.describe()["kernel"])


def watch(machine, arguments):
    # Some hundred SMIs, each of which takes all CPUs: slow where others keep this machine busy.
    return machine.exec([*RUN, *arguments], check=False, timeout=600)


@pytest.fixture(scope="module")
def owner(machine):
    return smm.LabOwner()


@pytest.fixture(scope="module")
def probe(bartizan, machine):
    probe = smm.Probe(bartizan.path, bartizan.environment, machine.name)
    yield probe
    probe.close()


@pytest.fixture
def session(probe, owner):
    session = smm.session(probe, owner)
    assert session.ask([operation(CHECK)]) == [(OK, b"")]
    number = probe.session
    yield session
    # Whatever was tried: the machine is alive, and the session is.
    probe.session = number
    assert session.ask([operation(CHECK)]) == [(OK, b"")]
    session.close = None


def reserved_top(machine):
    return smm.reserved_top(machine.describe())


def test_the_firmware_says_the_same_to_the_lab_and_to_who_asks(machine, probe):
    assert machine.describe()["source_key"] == probe.source_key.hex()
    assert machine.describe()["source_nonce"] == probe.source_nonce.hex()


def test_programs_in_the_machine_show_the_machine(machine):
    machine.exec(["sockets"])
    for _ in range(5):
        before = machine.exec(["netstat", "-tuna"]).stdout
        done = watch(machine, ["netstat", "-tuna"])
        if machine.exec(["netstat", "-tuna"]).stdout == before:
            break
    assert (done.returncode, done.stdout) == (0, before), done.stderr
    assert before.count(b"\n") > 40


def test_nothing_that_root_puts_over_proc_is_seen(machine):
    honest = machine.exec(["cat", "/proc/version"]).stdout
    number = count_of(machine)
    machine.exec(["sh", "-c", "echo forged >/tmp/version && mount --bind /tmp/version /proc/version"])
    try:
        assert machine.exec(["cat", "/proc/version"]).stdout == b"forged\n"
        done = watch(machine, ["cat", "/proc/version"])
        assert (done.returncode, done.stdout) == (0, honest), done.stderr
    finally:
        machine.exec(["umount", "/proc/version"])
    assert count_of(machine) > number + 2, "the firmware wasn't asked"


def count_of(machine):
    return json.loads(machine.exec(["bartizan", "targets", "--smm", "--json"]).stdout)[0]["smi_number"]


def test_processes_are_the_machines(machine):
    done = watch(machine, ["ps", "-eo", "pid,comm"])
    assert done.returncode == 0, done.stderr
    shown = {tuple(line.split(None, 1)) for line in done.stdout.decode().splitlines()[1:]}
    own = {tuple(line.split(None, 1)) for line in machine.exec(
        ["sh", "-c", "for p in /proc/[0-9]*; do echo ${p#/proc/} $(cat $p/comm 2>/dev/null); done"]).stdout.decode().splitlines()}
    steady = {(pid, name) for pid, name in own if int(pid) < 50 and not name.startswith("kworker")}
    assert len(steady) > 20 and steady <= {(pid, name.strip()) for pid, name in shown}


def test_plain_and_a_missing_grantor_are_refused_in_words(machine):
    done = machine.exec(["bartizan", "run", "--backend", "plain", "--target", "smm:", "ps"], check=False)
    assert done.returncode == 2 and b"enclaves only" in done.stderr
    done = watch(machine, ["--grantor", "/run/nobody", "ps"])
    assert done.returncode == 125 and done.stdout == b"" and b"grantor" in done.stderr


@pytest.mark.parametrize("option, word", [(["--pause"], b"stand still"), (["--at", "morning"], b"keeps no copy"),
                                          (["--new-epoch", "morning"], b"keeps no copy")])
def test_what_firmware_can_not_do_is_refused_by_name(machine, option, word):
    done = watch(machine, [*option, "cat", "/proc/version"])
    assert done.returncode == 2 and done.stdout == b"" and option[0].encode() in done.stderr and word in done.stderr


def test_who_may_not_use_ports_is_told_what_is_missing(machine):
    done = machine.exec(["su", "tester", "-c", "bartizan targets --smm"], check=False)
    assert done.returncode == 1 and b"CAP_SYS_RAWIO" in done.stderr


def test_the_firmware_says_where_each_cpus_system_calls_enter(machine, probe, owner):
    """LSTAR is the CPU's own word. The enclave compares it with the kernel's symbol (guest/kernel/kernel-test.c)."""
    address, = [int(line.split()[0], 16) for line in machine.exec(["cat", "/proc/kallsyms"]).stdout.decode().splitlines()
                if line.split()[2] == "entry_SYSCALL_64"]
    session = smm.session(probe, owner)
    for cpu in range(int(machine.exec(["nproc"]).stdout)):
        (outcome, registers), = session.ask([operation(REGISTERS, cpu)])
        assert outcome == OK and struct.unpack_from("<8Q", registers)[5::2] == (cpu, address)


def test_the_firmware_says_what_each_cpus_registers_are(machine, kernel_module, probe, owner):
    """EFER has bits that firmware could make up (long mode), and such that it has to know (SYSCALL, no-execute)."""
    _, data = probe.raw(smm.MODEL, 0xC0000080)
    wanted, = struct.unpack_from("<Q", data, 16)
    assert wanted & 0xD01 == 0xD01, hex(wanted)
    session = smm.session(probe, owner)
    for cpu in range(machine.cpus):
        (outcome, registers), = session.ask([operation(REGISTERS, cpu)])
        # Linux has the IDT where it can't be written: CPU_ENTRY_AREA_RO_IDT (arch/x86/include/asm/cpu_entry_area.h).
        assert outcome == OK and struct.unpack_from("<8Q", registers)[3:5] == (wanted, 0xFFFFFE0000000000)


# ---- root, by hand

def test_memory_is_read_and_smram_is_not(machine, probe, canary, session):
    (outcome, ram), = session.ask([operation(RAM_MAP)])
    assert outcome == OK
    ranges = [struct.unpack_from("<QQ", ram, 8 + 16 * i) for i in range(struct.unpack_from("<Q", ram)[0])]
    top = reserved_top(machine)
    assert all(start + size <= top for start, size in ranges)
    assert session.ask([read(ranges[0][0])])[0][0] == OK
    for address in (*canary.pages, top, top + 0x1000, top + 8 * 2**20 - 4096, 0xA0000, 0xB0000, 0xFED00000, 0xFEE00000, 0xFFFFF000, 1 << 36,
                    (1 << 52) - 4096):
        assert session.ask([read(address)]) == [(UNMAPPED, b"\0" * 4096)]
    assert session.ask([operation(REGISTERS, 0)])[0][0] == OK
    assert session.ask([read(top, space=3, root=top)])[0][0] != OK
    for space, root in ((3, canary.pages[0]), (4, 0)):
        assert session.ask([read(canary.pages[0], 64, space, root)])[0][0] != OK


@pytest.mark.parametrize("name, change", {
    "owner": None,
    "enclave": {"key_of_another": True},
    "start": {"nonce": b"\x55" * 32},
    "source": {"source_key": b"\x09" + b"\0" * 31},
    "target": {"grant_target": "qemu:1"},
    "quota of bytes": {"quota_bytes": 2**64 - 1},
    "quota of requests": {"quota_requests": 2**64 - 1},
    "debug": {"flags": 1},
    "one bit": {"flip": True},
    "none": {"encoded": b"\0" * 512},
}.items())
def test_a_grant_that_is_not_for_here_is_refused(probe, owner, session, name, change):
    change = dict(change or {})
    signer = smm.Owner() if name == "owner" else owner
    if name == "owner":
        change = {"binding_owner": owner.public, "quota_bytes": 1 << 20, "quota_requests": 9}
    if change.pop("key_of_another", None):
        change["encoded"] = owner.grant(b"\x07" * 32, probe.source_key, probe.source_nonce, "smm:")
    if change.pop("flip", None):
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
        from link_client import public_bytes
        key = X25519PrivateKey.generate()
        good = owner.grant(public_bytes(key), probe.source_key, probe.source_nonce, "smm:")
        change = {"key": key, "encoded": good[:100] + bytes([good[100] ^ 4]) + good[101:]}
    with pytest.raises(Refused, match=f"{smm.GRANT:03d}"):
        smm.session(probe, signer, **change)


def test_a_grant_that_is_over_is_refused_and_the_session_that_it_has_goes_on(probe, owner, session):
    with pytest.raises(Refused, match=f"{smm.EXPIRED:03d}"):
        smm.session(probe, owner, lasts=-2 * 86400)   # by the machine's clock at its start
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from link_client import public_bytes
    key = X25519PrivateKey.generate()
    grant = owner.grant(public_bytes(key), probe.source_key, probe.source_nonce, "smm:", lasts=2)
    kept = smm.session(probe, owner, key=key, encoded=grant)
    number = probe.session
    assert kept.ask([operation(CHECK)]) == [(OK, b"")]
    end, = struct.unpack_from("<Q", grant, 48)
    # The owner's word for it, in a grant for another machine.
    with pytest.raises(Refused, match=f"{smm.GRANT:03d}"):
        smm.session(probe, owner, nonce=b"\x55" * 32, issued_at=end)
    with pytest.raises(Refused, match=f"{smm.EXPIRED:03d}"):
        smm.session(probe, owner, key=key, encoded=grant)
    probe.session = number
    assert kept.ask([operation(CHECK)]) == [(OK, b"")]


def test_a_quota_ends_and_a_new_session_brings_none_back(probe, owner):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    grant = {"key": X25519PrivateKey.generate(), "grant_id": os.urandom(16), "quota_requests": 2}
    first = smm.session(probe, owner, **grant)
    assert [first.ask([operation(CHECK)])[0][0] for _ in range(3)] == [OK, OK, LIMIT]
    assert smm.session(probe, owner, **grant).ask([operation(CHECK)])[0][0] == LIMIT


def test_a_request_altered_in_any_byte_or_repeated_is_refused(probe, session):
    sealed = session.seal(session.encode([read(0x1000)]))
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes([sealed[at] ^ 1 << at % 8]) + sealed[at + 1:]
        assert probe.smi(probe.session, altered)[0] in (smm.SESSION, smm.FORMAT), at
    for size in (0, 1, 15, 16, 31, len(sealed) - 1):
        assert probe.smi(probe.session, sealed[:size])[0] in (smm.SESSION, smm.FORMAT), size
    later = session.seal(session.encode([read(0x2000)]))
    assert probe.smi(probe.session, later)[0] == smm.SESSION, "out of order"
    assert probe.smi(probe.session + 1, sealed)[0] == smm.SESSION
    refusal, answer = probe.smi(probe.session, sealed)
    assert refusal == smm.ACCEPTED and len(session.open(answer)) == 320 + 4096
    assert probe.smi(probe.session, sealed)[0] == smm.SESSION, "replayed"
    assert probe.smi(probe.session, answer)[0] == smm.SESSION, "turned around"
    assert probe.smi(probe.session, later)[0] == smm.ACCEPTED
    session.received += 1


def test_a_record_of_another_session_is_refused(probe, owner, session):
    mine = probe.session
    other = smm.session(probe, owner)
    sealed = other.seal(other.encode([operation(CHECK)]))
    assert probe.smi(mine, sealed)[0] == smm.SESSION
    assert probe.smi(probe.session, sealed)[0] == smm.ACCEPTED


def test_a_forged_request_is_refused(probe, session):
    assert probe.smi(probe.session, head(RECORD, 112, session.sent) + b"\0" * 112)[0] == smm.SESSION
    assert probe.smi(0, head(RECORD, 112, 0) + b"\0" * 112)[0] == smm.SESSION
    assert probe.smi(0, head(1, 400) + b"smm:".ljust(400, b"\0"))[0] in (smm.GRANT, smm.FORMAT)
    assert probe.refusal(smm.ORDINARY, 0, b"x" * 64)[0] == smm.FORMAT
    assert probe.refusal(smm.ORDINARY, 0, struct.pack("<IIII", smm.MAGIC, 0, 2**32 - 1, 0))[0] == smm.FORMAT


def test_a_buffer_that_its_program_could_not_write_is_refused(machine, probe, canary, session):
    top = reserved_top(machine)
    for kind, argument, expected in (
            (smm.AT, 0xFFFF888000000000, smm.ADDRESS), (smm.AT, 0xFFFFFFFF81000000, smm.ADDRESS), (smm.AT, 1 << 63, smm.ADDRESS),
            (smm.AT, 0x0000800000000000, smm.ADDRESS), (smm.AT, (1 << 64) - 16, smm.ADDRESS), (smm.AT, 0, smm.NOT_PRESENT),
            (smm.AT, 0x7FFFFFFFF000, smm.ADDRESS | smm.NOT_PRESENT), (smm.SIZED, 0, smm.SIZE), (smm.SIZED, 1 << 32, smm.SIZE),
            (smm.SIZED, (1 << 64) - 1, smm.SIZE), (smm.SIZED, 15, smm.FORMAT), (smm.UNMAPPED_END, 0, smm.NOT_PRESENT),
            (smm.UNTOUCHED, 0, smm.NOT_PRESENT), (smm.READ_ONLY, 0, smm.NOT_WRITABLE), (smm.TWICE, 0, smm.PAGE_TWICE),
            (smm.AT_PHYSICAL, top, smm.NOT_RAM), (smm.AT_PHYSICAL, top + 7 * 2**20, smm.NOT_RAM),
            *((smm.AT_PHYSICAL, page, smm.NOT_RAM) for page in canary.pages),
            (smm.AT_PHYSICAL, 0xFED00000, smm.NOT_RAM), (smm.AT_PHYSICAL, 0xFEE00000, smm.NOT_RAM),
            # Straddling: a good page, and behind it one that isn't; with two good ones the same is answered.
            (smm.READ_ONLY_END, 1, smm.ACCEPTED), (smm.READ_ONLY_END, 0, smm.NOT_WRITABLE),
            *((smm.PHYSICAL_END, page, smm.NOT_RAM) for page in (top, canary.pages[0], canary.pages[-1], 0xFED00000, 0xFEE00000))):
        found, _ = probe.refusal(kind, argument)
        assert found == expected or (argument == 0x7FFFFFFFF000 and found in (smm.ADDRESS, smm.NOT_PRESENT)), (kind, hex(argument), found)


def test_a_buffer_that_changes_meanwhile_and_a_storm_end_nobodys_session(machine, probe, session):
    sealed = session.seal(session.encode([operation(CHECK)]))
    whole = struct.pack("<IIII", smm.MAGIC, probe.session, len(sealed), 0) + sealed[:-1] + bytes([sealed[-1] ^ 1])
    seen = probe.rewritten(100, whole)
    assert seen and seen <= {smm.SESSION, smm.FORMAT, smm.GRANT}, seen
    probe.raw(smm.STORM, 500, whole)
    probe.raw(smm.STORM, 30, struct.pack("<IIII", smm.MAGIC, 0, len(session.first), 0) + session.first)
    machine.exec(["true"])
    refusal, answer = probe.smi(probe.session, sealed)
    assert refusal == smm.ACCEPTED
    session.open(answer)


def test_a_request_for_more_than_there_can_be_is_refused(probe, session):
    for count in (2**32 - 1, 2**31, 2**31 - 1, 33, 0):
        content = bytearray(session.encode([operation(CHECK)]))
        struct.pack_into("<I", content, 4, count)
        assert probe.smi(probe.session, session.seal(bytes(content)))[0] == smm.FORMAT, count
        session.sent -= 1   # nothing changed, so it's that record's turn still
    for size in (0, 2**32 - 1, 4097):
        content = session.encode([operation(1, 0x1000, 1, size)])
        refusal = probe.smi(probe.session, session.seal(content))[0]
        assert refusal == smm.FORMAT, (size, refusal)
        session.sent -= 1


def test_a_message_longer_than_any_and_many_cpus_registers_are_refused(probe, session):
    """The first before anything is opened: session and counter are right, so that it would be the cipher that refuses."""
    for size, expected in ((5008, smm.SESSION), (5009, smm.FORMAT), (41 * 4096 - 16, smm.FORMAT)):
        assert probe.smi(probe.session, head(RECORD, size - 16, session.sent) + b"\0" * (size - 16))[0] == expected, size
    assert [outcome for outcome, _ in session.ask([operation(REGISTERS, 0)] * 4)] == [OK] * 4
    assert probe.smi(probe.session, session.seal(session.encode([operation(REGISTERS, 0)] * 5)))[0] == smm.TOO_MUCH
    session.sent -= 1


def test_an_answer_that_does_not_fit_or_takes_too_long_is_refused_and_the_session_goes_on(probe, session):
    sealed = session.seal(session.encode([read(0x1000)]))
    whole = struct.pack("<IIII", smm.MAGIC, probe.session, len(sealed), 0) + sealed
    assert probe.refusal(smm.SIZED, 4096, whole)[0] == smm.REPLY_SIZE
    session.open(probe.smi(probe.session, sealed)[1])
    # 20 pages take what one SMI may; they come.
    assert all(result == (OK, session.ask([read(0x1000)])[0][1]) for result in session.ask([read(0x1000)] * 20))
    assert probe.smi(probe.session, session.seal(session.encode([read(0x1000)] * 21)))[0] == smm.TOO_MUCH
    session.sent -= 1


def test_32_bit_code_is_refused(probe, session):
    assert probe.refusal(smm.COMPATIBLE)[0] == smm.NOT_64_BIT


def test_a_buffer_in_another_process_is_refused(probe, session):
    assert probe.refusal(smm.OTHERS)[0] == smm.NOT_PRESENT


def test_the_kernel_is_refused(kernel_module, probe, session):
    assert probe.refusal(smm.BY_KERNEL)[0] == smm.NOT_USER


PRESENT = 0x67   # present, writable, user, accessed, dirty
LARGE = 0x80


def test_page_tables_that_lead_astray_are_refused(machine, kernel_module, probe, canary, session):
    top = reserved_top(machine)
    (_, registers), = session.ask([operation(REGISTERS, 0)])
    levels = 5 if struct.unpack_from("<Q", registers, 16)[0] >> 12 & 1 else 4   # CR4.LA57
    for place in (canary.pages[0], canary.pages[-1], top, top + 2**20, 0xFED00000, 0xFEE00000, 0xFFFFF000, 2**36, 2**39):
        for level in range(1, levels + 1):
            with probe.altered(level, place | PRESENT):
                assert probe.refusal(smm.AT_ALTERED)[0] == smm.NOT_RAM, (hex(place), level)
    # Large pages: of 2 MiB, wholly in SMRAM; of 1 GiB, beyond RAM.
    for place in (top, canary.pages[0] & -2**21, canary.pages[-1] & -2**21):
        with probe.altered(2, place | PRESENT | LARGE):
            assert probe.refusal(smm.AT_ALTERED)[0] == smm.NOT_RAM
    with probe.altered(3, 2**35 | PRESENT | LARGE):
        assert probe.refusal(smm.AT_ALTERED)[0] == smm.NOT_RAM
    for level, entry, expected in ((levels, PRESENT | LARGE, smm.TABLES), (1, PRESENT | 1 << 51, smm.NOT_RAM),
                                   (2, PRESENT | LARGE | 1 << 13, smm.TABLES), (3, PRESENT | LARGE | 1 << 20, smm.TABLES)):
        with probe.altered(level, entry):
            assert probe.refusal(smm.AT_ALTERED)[0] == expected, (level, hex(entry))
    with probe.altered(1, 0):
        assert probe.refusal(smm.AT_ALTERED)[0] == smm.NOT_PRESENT


def test_page_tables_that_lead_to_themselves_end(kernel_module, probe, session):
    for level in range(1, 5):
        with probe.altered(level, PRESENT, smm.LOOP):
            # A last table is taken for the page: no message. What an upper one has at the next level's place is empty.
            assert probe.refusal(smm.AT_ALTERED)[0] == (smm.FORMAT if level == 1 else smm.NOT_PRESENT), level


def test_what_a_targets_tables_say_is_not_believed(machine, kernel_module, probe, canary, owner):
    top = reserved_top(machine)
    session = smm.session(probe, owner, rights=3)
    for level in range(1, 5):
        for place in (top, canary.pages[0], canary.pages[-1], 0xFED00000, 2**36):
            with probe.altered(level, place | PRESENT) as (address, root):
                assert session.ask([read(address, space=3, root=root)]) == [(UNMAPPED, b"\0" * 4096)], (level, hex(place))
        with probe.altered(level, PRESENT, smm.LOOP) as (address, root):
            assert session.ask([read(address, space=3, root=root)])[0][0] == (OK if level == 1 else UNMAPPED), level
    with probe.altered(1, 0x1000 | PRESENT) as (address, root):
        assert session.ask([read(address, space=3, root=root)])[0][0] == OK


def test_a_read_plan_brings_nothing_of_the_firmwares(bartizan, machine, kernel_module, probe, canary, owner):
    """By tables that have all memory, and by ones that were altered: what isn't open isn't there, and what is comes."""
    top = reserved_top(machine)
    session = smm.session(probe, owner, rights=3)

    def lines(root, *addresses):
        found = session.run_plan(root, [(address, 64) for address in addresses])
        assert session.plan_is_done
        assert not any(top <= address < top + 8 * 2**20 or address >= 0xA0000000 for address, _ in found), [hex(address) for address, _ in found]
        return [address for address, _ in found]
    with smm.two_words(bartizan, machine) as (first, _, root):
        for place in (*canary.pages, top, top + 8 * 2**20 - 64, 0xFED00000, 0xFEE00000):
            assert first & -64 in lines(root, smm.WINDOW + place, smm.WINDOW + first), hex(place)
        assert lines(canary.pages[0], smm.WINDOW + first) == []
    for level in range(1, 5):
        for place in (top, canary.pages[0], 0xFED00000):
            with probe.altered(level, place | PRESENT) as (address, root):
                # Tables alone, each above the entry.
                assert len(lines(root, address)) <= 5, (level, hex(place))


def test_who_asks_for_the_firmwares_memory_by_the_kernel_gets_none(machine, probe, canary):
    for place in (canary.pages[0], canary.pages[-1]):
        done = machine.exec(["dd", "if=/dev/mem", "bs=4096", "count=1", f"skip={place // 4096}"], check=False)
        assert canary.secret[:16] not in done.stdout


@pytest.mark.parametrize("name", ["garbage", "a handshake that was good once"])
def test_a_storm_leaves_the_machine_usable(bartizan, machine, probe, session, name):
    """Of what is thrown away at once, and of the dearest that anybody can send."""
    message = bytes(16) if name == "garbage" else struct.pack("<IIII", smm.MAGIC, 0, len(session.first), 0) + session.first
    storm = smm.Probe(bartizan.path, bartizan.environment, machine.name)
    storm.process.stdin.write(struct.pack("<IQI", smm.STORM, 2**40, len(message)) + message)
    storm.process.stdin.flush()
    try:
        number = count_of(machine)
        answered = []
        for _ in range(3):
            began = time.monotonic()
            try:
                machine.exec(["true"], timeout=5)
                answered.append(time.monotonic() - began)
            except subprocess.TimeoutExpired:
                pass
        assert count_of(machine) > number + 20, "that was no storm"
        assert len(answered) == 3, f"of three commands, those that were answered within 5 s took {answered}"
        assert session.ask([operation(CHECK)]) == [(OK, b"")]
    finally:
        storm.process.kill()
        storm.process.wait()


def test_the_owner_in_the_variable_stays_whoever_is_root(bartizan, machine, owner, signer):
    """Which owner firmware goes by was built in; the variables are the same service where it goes by this one."""
    name, vendor = "BartizanOwner", uuid.UUID("2f1d6a0b-9c53-4b0e-b16c-0d4e6f518a37")
    elsewhere = uuid.UUID("2f1d6a0b-9c53-4b0e-b16c-0d4e6f518a38")
    plain, signed = uefi_variable.PLAIN, uefi_variable.SIGNED
    variables = uefi_variable.Variables(machine, machine.describe()["kernel"],
                                        os.path.join(os.path.dirname(smm.probe_path(bartizan.path)), "write-variable"))
    other, mine = uefi_variable.Signer("signer"), os.urandom(64)
    honest = (signed, owner.public)
    # What isn't ours changes by signature, so that these signatures are good ones.
    assert variables.write(name, elsewhere, signed, signer.sign(name, elsewhere, mine)) == 0
    assert variables.read(name, elsewhere) == (signed, mine)
    assert variables.write(name, elsewhere, signed, other.sign(name, elsewhere, bytes(64), 2031)) == errno.EACCES
    assert variables.write(name, elsewhere, signed, signer.sign(name, elsewhere, bytes(64), 2032)) == 0
    # Edk2 takes this, signed by whomever, and then what he makes of it: why ours is locked.
    assert variables.write(name, elsewhere, signed, other.sign(name, elsewhere, b"", 2033)) == 0
    assert variables.write(name, elsewhere, signed, other.sign(name, elsewhere, mine, 2034)) == 0

    assert variables.read(name, vendor) == honest
    for attributes, data in ((plain, mine), (signed, mine), (signed, other.sign(name, vendor, mine)), (signed, other.sign(name, vendor, b"")),
                             (signed, signer.sign(name, vendor, mine)), (signed, signer.sign(name, vendor, b"")),
                             (plain, signer.sign(name, vendor, mine)), (signed | 0x40, signer.sign(name, vendor, mine))):
        assert variables.write(name, vendor, attributes, data) != 0, (hex(attributes), len(data))
        assert variables.read(name, vendor) == honest
    assert variables.remove(name, vendor) != 0
    assert variables.read(name, vendor) == honest


# ---- what an SMI does

def test_a_list_of_100_processes_takes_an_smi_or_goes_on_in_the_next_one(machine):
    """Not one for each page: 100 tasks lie on more than 100. What one SMI does is bounded (FIRMWARE_PLAN_BUDGET), so where the list
    takes more, its plan's cursor is handed back, and the next SMI goes on."""
    machine.exec(["sh", "-c", "n=$(ls /proc | grep -c '^[0-9]'); while [ $n -lt 100 ]; do sleep 600 </dev/null >/dev/null 2>&1 & n=$((n+1)); done"])
    try:
        counts = []
        for looks in (1, 11):
            before = count_of(machine)
            done = watch(machine, ["process-list", "--repeat", str(looks)])
            assert done.returncode == 0, done.stderr
            counts.append(count_of(machine) - before)
            told = json.loads(done.stdout)
        assert told["processes"] >= 95 and told["warm_round_trips"] == 0, (counts, told)
        # All else (attaching, the first looks, how it was counted) is the same in both.
        each = (counts[1] - counts[0]) / 10
        # More than one: unbounded, all of it is one SMI's.
        assert 1.5 < each <= 4.5 and 1 < told["cold_round_trips"] <= 4, (counts, told)
    finally:
        machine.exec(["killall", "sleep"], check=False)


def test_one_file_once_more_takes_a_few_smis(machine):
    """It was found to be of one boot by as many again; the machine under a program doesn't boot while that runs."""
    counts = []
    for looks in (1, 11):
        before = count_of(machine)
        done = watch(machine, ["cat", *looks * ["/proc/version"]])
        assert done.returncode == 0 and done.stdout.count(b"Linux version") == looks, done.stderr
        counts.append(count_of(machine) - before)
    assert 1 <= (counts[1] - counts[0]) / 10 <= 4, counts


# ---- that it is System Management Mode

def test_each_question_is_one_more_smi(probe, session):
    before = probe.count
    for number in range(1, 6):
        session.ask([operation(CHECK)])
        assert probe.count == before + number


def test_the_answer_is_right_where_nothing_is_mounted_on_proc(machine):
    honest = machine.exec(["cat", "/proc/version"]).stdout
    done = machine.exec(["sh", "-c", "cd /; umount -l /proc; [ ! -e /proc/version ] || exit 9; exec " + " ".join([*RUN, "cat", "/proc/version"])],
                        check=False, timeout=600)
    machine.exec(["mount", "-t", "proc", "proc", "/proc"])
    assert (done.returncode, done.stdout) == (0, honest), done.stderr


# ---- at last

def test_the_firmwares_memory_was_neither_written_nor_read(probe, canary):
    assert canary.is_whole()
    assert canary.leaked_to() == -1
    assert canary.secret[:16] not in probe.heard and len(probe.heard) > 50000
    assert canary.secret[:16] not in probe.opened and len(probe.opened) > 50000

# ---- one moment

@pytest.fixture
def two_words(bartizan, machine):
    with smm.two_words(bartizan, machine) as words:
        yield words


def test_what_one_answer_holds_is_of_one_moment_where_it_says_so(probe, owner, two_words):
    session = smm.session(probe, owner, quota_bytes=1 << 28, quota_requests=10000)

    still, seen = smm.look_for_moments(session, two_words, 26)
    assert still >= 26, "hardly any answer was of one moment"
    assert seen >= 26, "the words didn't change"

    def ask(word):
        (outcome, data), = session.ask([read(word, 8)])
        assert outcome == OK
        return int.from_bytes(data, "little")
    # Two answers are of two moments.
    assert any(ask(two_words[0]) - before > 1 for before in (ask(two_words[1]) for _ in range(20)))


def test_what_a_read_plan_brings_in_one_answer_is_of_one_moment_where_it_says_so(probe, owner, two_words):
    session = smm.session(probe, owner, quota_bytes=1 << 28, quota_requests=10000)
    still, seen = smm.look_for_moments(session, two_words, 26, smm.look_by_plan)
    assert still >= 26 and seen >= 26, (still, seen)


def whole_count(differences):
    return sum(difference in (0, 1) for difference in differences)


def test_what_a_program_sees_of_a_process_is_of_one_moment(bartizan, machine):
    """Its arguments come by one read plan, in one SMI. Their two words change some hundred times while that reads them."""
    with smm.two_words(bartizan, machine, smm.TEXT) as number:
        differences = smm.look_by_program(machine, number, 12, ["--profile", "/run/kernel.profile"])
        for _ in range(5 if machine.cpus > 1 else 0):
            if whole_count(differences) >= 4:
                break
            # A CPU that its host doesn't run in time is left out, and then it is the process that was torn.
            differences += smm.look_by_program(machine, number, 12, ["--profile", "/run/kernel.profile"])
    assert whole_count(differences) >= (12 if machine.cpus == 1 else 4), differences


# ---- what can't be undone

def test_a_program_whose_grant_is_over_says_so(machine, probe, owner):
    """The owner has dated a grant so late that all others are over, for as long as this machine runs."""
    with pytest.raises(Refused, match=f"{smm.GRANT:03d}"):
        smm.session(probe, owner, nonce=b"\x55" * 32, lasts=2**32, issued_at=int(time.time()) + 2**31)
    done = watch(machine, ["cat", "/proc/version"])
    assert done.returncode != 0 and done.stdout == b"" and b"the grant is over" in done.stderr, done.stderr


def test_under_lockdown_it_says_so(machine):
    """The last one: no kernel takes that back."""
    machine.exec(["sh", "-c", "mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; echo integrity >/sys/kernel/security/lockdown"])
    done = watch(machine, ["cat", "/proc/version"])
    assert done.returncode != 0 and done.stdout == b""
    assert b"the kernel is locked down" in done.stderr and b"CAP_SYS_RAWIO" not in done.stderr
    # Where nothing says so, it is likely: root has the right, and was refused.
    machine.exec(["umount", "/sys/kernel/security"])
    done = watch(machine, ["cat", "/proc/version"])
    assert done.returncode != 0 and done.stdout == b"" and b"probably locked down" in done.stderr
