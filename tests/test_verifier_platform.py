# SPDX-License-Identifier: GPL-2.0-or-later
"""bartizan-verifier serve and an enclave on a platform as SGX has them, whose keys are made up: its collateral, and what becomes of the
enclave when that changes. The verifier believes that platform's root (tests/made-up-root.c); where it doesn't, it is the real one."""
import contextlib
import hashlib
import os
import shutil
import signal
import struct
import subprocess
import time
import types

import pytest

from test_verifier import MIXED_UP, OF_MADE_UP_ROOT, WRONG
from test_verifier_attested import Attested, owner_point
from test_verifier_operator import errors, fingerprint, hang_up, kinds, until_refused
from verifier_client import CHALLENGE, HEARD, REFUSED, ROOT, VERIFIER, WELCOME, Daemon

GRANT, NO_GRANT = 42, 43
# What is wrong with the quote, not with the collateral.
OF_THE_QUOTE = ("debug", "encrypted-ppid", "quote-by-another", "report-by-another")


class World:
    """A verifier that has the platform's collateral `name`; `enclave` comes as soon as it is there. Another one, a simulation's, may."""

    def __init__(self, directory, name="good", quote=(), program=OF_MADE_UP_ROOT, more_targets=(), swapped=(), policy=""):
        self.directory, self.made = directory, directory / "made"
        subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", directory / "owner.pem"], check=True)
        self.made.mkdir()
        self.asked = os.urandom(32) + owner_point(self) + b"\x77" * 32 + os.urandom(32)
        self.enclave = self.attested("qemu:web1", "11", more=(self.made, *quote))
        while not (self.made / "ready").exists():
            assert self.enclave.process.poll() is None
            time.sleep(0.05)
        self.take(name)
        contents = [(directory / "collateral" / file).read_bytes() for file in swapped]
        for file, content in zip(swapped, reversed(contents), strict=True):
            (directory / "collateral" / file).write_bytes(content)
        (directory / "policy").write_text(policy)
        self.daemon = Daemon(directory, ["qemu:web1", "qemu:web2", *more_targets], "60s", options=("--insecure-accept-sim", fingerprint()),
                             references=["11", "33", *("44" for _ in more_targets)], program=program,
                             environment={**os.environ, "BARTIZAN_MADE_UP_ROOT": f"{self.made}/good/root"},
                             more=f"enclaves:\n  listen: unix:{directory}/tls\n  owner: {directory}/owner.pem\n  collateral: {directory}/collateral\n"
                                  + (f"  policy: {directory}/policy\n" if policy else "")
                                  + f"grants:\n  sources: [{'77' * 32}]\n  valid: 5m\n")

    def attested(self, target, byte, more=()):
        return Attested(types.SimpleNamespace(directory=self.directory), target, byte, binding=hashlib.sha256(self.asked).hexdigest(), more=more)

    def take(self, name):
        """That collateral from now on."""
        shutil.rmtree(self.directory / "collateral", ignore_errors=True)
        shutil.copytree(self.made / name, self.directory / "collateral")

    def ask(self):
        self.enclave.send(41, self.asked + struct.pack("<II", 1, 0))

    def close(self):
        self.enclave.close()
        if self.daemon.process.poll() is None:
            self.daemon.stop()


@pytest.fixture
def world(tmp_path):
    made = []

    def make(*arguments, **more):
        made.append(World(tmp_path, *arguments, **more))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_a_good_platforms_enclave_is_let_in_and_gets_a_grant(world):
    one = world()
    assert one.enclave.receive()[0] == WELCOME
    one.enclave.heartbeat(one.enclave.until(CHALLENGE))
    one.enclave.until(HEARD)
    one.ask()
    assert one.enclave.receive()[0] == GRANT
    [target] = [t for t in one.daemon.state()["targets"] if t["name"] == "qemu:web1"]
    assert target["state"] == "healthy" and target["evidence"].startswith("accepted: SGX, TCB UpToDate; MRENCLAVE 1111111111111111")


def test_what_was_tolerated_is_told_with_its_sentence(world):
    one = world("out-of-date", policy="accept_tcb_status: [OutOfDate]\naccept_debug: true\n", quote=("debug",))
    assert one.enclave.receive()[0] == WELCOME
    [target] = [t for t in one.daemon.state()["targets"] if t["name"] == "qemu:web1"]
    assert target["evidence"] == ("accepted: SGX, TCB OutOfDate, a debug enclave; MRENCLAVE 1111111111111111…; tolerated: "
                                  "accept_debug: the enclave's memory can be read: DEBUG is set; accept_tcb_status: OutOfDate (advisories: INTEL-SA-00615)")


def refused(one):
    """In the verifier's words, which the enclave's user hears as well (tests/test_attest.py)."""
    assert one.enclave.process.wait(30) == 3
    one.daemon.wait(lambda _: "an enclave is refused: " in errors(one.daemon))
    assert one.daemon.states()["qemu:web1"] == "unknown" and one.daemon.process.poll() is None
    return errors(one.daemon)


def test_an_unknown_root_is_refused(world):
    assert "doesn't end at the pinned root of Intel (root)" in refused(world(program=VERIFIER))


@pytest.mark.parametrize("name", [name for name in WRONG if name not in OF_THE_QUOTE])
def test_bad_collateral_lets_nobody_in(world, name):
    assert f"({WRONG[name]})" in refused(world(name))


@pytest.mark.parametrize("swapped", MIXED_UP, ids=" ".join)
def test_mixed_up_chains_let_nobody_in(world, swapped):
    assert "(chain)" in refused(world(swapped=swapped))


@pytest.mark.parametrize("name", OF_THE_QUOTE)
def test_a_bad_quote_lets_nobody_in(world, name):
    assert f"({WRONG[name]})" in refused(world(quote=(name,)))


def test_who_doesnt_pass_by_new_collateral_loses_its_grants_and_others_stay(world):
    one = world()
    assert one.enclave.receive()[0] == WELCOME
    other = one.attested("qemu:web2", "33")
    assert other.receive()[0] == WELCOME
    nonce = other.until(CHALLENGE)
    one.enclave.until(CHALLENGE)
    one.ask()
    assert one.enclave.receive()[0] == GRANT
    # The same again: nobody is asked for anything.
    hang_up(one.daemon)
    one.ask()
    assert one.enclave.receive()[0] == GRANT
    assert "doesn't pass any more" not in errors(one.daemon) and "isn't renewed" not in errors(one.daemon)
    one.take("revoked")
    hang_up(one.daemon)
    assert b"come again, and show who you are" in until_refused(one.enclave)
    one.daemon.wait(lambda _: errors(one.daemon).count("a grant for qemu:web1 isn't renewed") == 2)
    assert "evidence for qemu:web1 doesn't pass any more: " in errors(one.daemon) and "revoked" in errors(one.daemon)
    other.heartbeat(nonce)
    other.until(HEARD)
    assert kinds(one.daemon) == ["reloaded", "reloaded"]
    other.close()


@pytest.mark.parametrize("name, content", [("tcb_info.json", b"[" * 100000), ("qe_identity.json", b'{"a":' * 100000), ("pck_crl.der", b"\x30\x80" * 50000),
                                           ("tcb_info_issuer_chain.pem", b""), ("root_ca_crl.der", b" " * (17 << 20))], ids=lambda value: str(value)[:24])
def test_collateral_that_is_none_isnt_taken_and_the_old_one_stays(world, name, content):
    one = world()
    assert one.enclave.receive()[0] == WELCOME
    one.enclave.until(CHALLENGE)
    (one.directory / "collateral" / name).write_bytes(content)
    hang_up(one.daemon, "the old one stays")
    assert name in errors(one.daemon)
    one.ask()
    assert one.enclave.receive()[0] == GRANT


def answers_around_a_reload(one):
    """What an enclave gets that asks all the while: grants, then refusals of one, then the end."""
    assert one.enclave.receive()[0] == WELCOME
    one.enclave.until(CHALLENGE)
    one.take("revoked")
    one.daemon.process.send_signal(signal.SIGHUP)
    answers = []
    # It may be hung up on at any time.
    with contextlib.suppress(OSError):
        for _ in range(60):
            one.ask()
            time.sleep(0.002)
    with contextlib.suppress(OSError, EOFError):
        while not answers or answers[-1][0] != REFUSED:
            answers.append(one.enclave.receive())
    return answers


def test_whose_turn_to_be_judged_has_not_come_gets_no_grant(tmp_path):
    """While a long configuration is read, it asks; that is looked at before its turn comes. Where it is read faster than
    that, it becomes a longer one."""
    for count in (3000, 12000, 48000, 96000):
        (tmp_path / str(count)).mkdir()
        one = World(tmp_path / str(count), more_targets=[f"qemu:more{i}" for i in range(count)])
        try:
            answers = answers_around_a_reload(one)
        finally:
            one.close()
        kinds_ = [kind for kind, _ in answers]
        assert kinds_ == sorted(kinds_, key=[GRANT, NO_GRANT, REFUSED].index)
        refusals = [words for kind, words in answers if kind == NO_GRANT]
        if refusals:
            assert all(b"revoked" in words for words in refusals)
            return
    pytest.fail("it never asked between the reload and its turn, or got a grant then")


def test_collateral_that_expires_ends_the_grants_of_who_is_connected(world):
    one = world("soon-expired")
    assert one.enclave.receive()[0] == WELCOME
    one.enclave.until(CHALLENGE)
    deadline = time.monotonic() + 60
    kind = GRANT
    while kind == GRANT:
        assert time.monotonic() < deadline
        one.ask()
        kind, words = one.enclave.receive()
        time.sleep(0.5)
    assert kind == NO_GRANT and b"expired" in words
    # It is heard all the same, and gets one as soon as there is newer collateral.
    one.take("good")
    hang_up(one.daemon)
    one.ask()
    assert one.enclave.receive()[0] == GRANT
