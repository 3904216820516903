# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator does to a verifier that runs: SIGHUP, bartizan-verifier revoke, sources' new keys."""
import datetime
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import pytest

import link_client as link
from test_verifier_attested import ATTESTED, Attested, Watched, owner_point, started
from test_verifier_daemon import beat, greeted
from verifier_client import CHALLENGE, HEARD, KEPT, REFUSED, RESULT, ROOT, VERIFIER, WELCOME, Daemon, Enclave

GRANT, NO_GRANT = 42, 43


def errors(daemon):
    return (daemon.directory / "errors").read_text(encoding="utf-8")


def hang_up(daemon, words="was read anew"):
    """SIGHUP, and until that was obeyed."""
    before = errors(daemon).count(words)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda _: errors(daemon).count(words) > before)


def change(daemon, old, new):
    text = daemon.config.read_text()
    assert old in text
    daemon.config.write_text(text.replace(old, new))


def until_refused(enclave):
    while True:
        kind, body = enclave.receive()
        if kind == REFUSED:
            return body
        assert kind in (CHALLENGE, HEARD), kind


def kinds(daemon):
    return [alert["kind"] for alert in daemon.state()["alerts"]]


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path, ["qemu:web1", "qemu:web2", "qemu:web3"], "60s", more=f"control: unix:{tmp_path}/control\n")
    yield made
    if made.process.poll() is None:
        made.stop()


# ---- SIGHUP


def test_a_changed_configuration_counts_at_once_and_leaves_others_alone(daemon):
    stays, goes, faster = (greeted(daemon, f"qemu:web{i}") for i in (1, 2, 3))
    for enclave in (stays, goes, faster):
        beat(enclave)
    change(daemon, "  - name: qemu:web2\n", "  - name: qemu:web4\n")
    change(daemon, "  - name: qemu:web3\n", "  - name: qemu:web3\n    interval: 30s\n")
    hang_up(daemon)
    assert daemon.states() == {"qemu:web1": "healthy", "qemu:web3": "healthy", "qemu:web4": "unknown"}
    assert b"configuration has changed" in until_refused(goes) and b"configuration has changed" in until_refused(faster)
    stays.send(RESULT, stays.result(b"{}"))
    stays.until(KEPT)
    assert greeted(daemon, "qemu:web3").welcome[0] == 30000
    again = Enclave(daemon.socket, "qemu:web2")
    assert b"isn't enrolled" in until_refused(again)
    beat(greeted(daemon, "qemu:web4"))
    assert daemon.states()["qemu:web4"] == "healthy" and kinds(daemon) == ["reloaded"]
    # As a start by the same file would have it.
    daemon.stop()
    daemon.start()
    assert set(daemon.states()) == {"qemu:web1", "qemu:web3", "qemu:web4"}


@pytest.mark.parametrize("wrong, words", [
    (("interval: 60s", "interval: 60x"), "line 2 of the configuration: a time"), (("targets:", "targets: ["), "isn't YAML"),
    (("/store", "/other"), "another value for `store`: that needs a restart"), (("/page", "/page2"), "another value for `page`"),
    (("/control", "/control2"), "another value for `control`"), (("interval: 60s", "enclaves:\n  listen: unix:/x\n  owner: /nowhere"), "any enclave could speak for it")])
def test_a_bad_configuration_isnt_taken_and_the_old_one_stays(daemon, wrong, words):
    enclave = greeted(daemon)
    good = daemon.config.read_text()
    change(daemon, *wrong)
    hang_up(daemon, "the old one stays")
    assert words in errors(daemon)
    assert "bartizan_configuration_failing 1\n" in daemon.get("/metrics")[1].decode()
    assert set(daemon.states()) == {"qemu:web1", "qemu:web2", "qemu:web3"} and kinds(daemon) == []
    daemon.config.write_text(good)
    hang_up(daemon)
    assert "bartizan_configuration_failing 0\n" in daemon.get("/metrics")[1].decode()
    beat(enclave)
    assert daemon.states()["qemu:web1"] == "healthy"


def fingerprint():
    return subprocess.run([ATTESTED, "fingerprint"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def attested(tmp_path):
    made = started(tmp_path, "--insecure-accept-sim", fingerprint())
    yield made
    made.stop()


def test_another_policy_is_shown_evidence_to_again(attested):
    enclave = Attested(attested, "qemu:web1", "11")
    assert enclave.receive()[0] == WELCOME
    hang_up(attested)
    # The same files: nobody is asked for anything.
    enclave.heartbeat(enclave.until(CHALLENGE))
    enclave.until(HEARD)
    policy = attested.directory / "policy"
    policy.write_text("accept_everything: true\n")
    hang_up(attested, "the old one stays")
    assert "accept_everything" in errors(attested)
    policy.write_text("accept_expired_collateral: 8d\n")
    hang_up(attested)
    assert b"configuration has changed" in until_refused(enclave)
    enclave.close()
    again = Attested(attested, "qemu:web1", "11")
    assert again.receive()[0] == WELCOME
    change(attested, f"mrenclave: {'11' * 32}", f"mrenclave: {'12' * 32}")
    hang_up(attested)
    assert b"configuration has changed" in until_refused(again)
    again.close()
    last = Attested(attested, "qemu:web1", "11")
    assert b"reference values" in until_refused(last)
    last.close()


def test_those_whose_evidence_passes_again_stay_and_get_grants(attested):
    keys = os.urandom(32) + owner_point(attested) + b"\x77" * 32 + os.urandom(32)
    enclaves = [Attested(attested, "qemu:web1", "11", binding=hashlib.sha256(keys).hexdigest()) for _ in range(6)]
    assert all(enclave.receive()[0] == WELCOME for enclave in enclaves)
    nonces = [enclave.until(CHALLENGE) for enclave in enclaves]
    change(attested, "valid: 5m", "valid: 6m")
    # At once, so that some ask before their turn to be judged has come.
    before = errors(attested).count("was read anew")
    attested.process.send_signal(signal.SIGHUP)
    for enclave in enclaves:
        enclave.send(41, keys + struct.pack("<II", 1, 0))
    attested.wait(lambda _: errors(attested).count("was read anew") > before)
    for enclave, challenge in zip(enclaves, nonces, strict=True):
        assert enclave.receive()[0] == GRANT
        enclave.heartbeat(challenge)
        enclave.until(HEARD)
        enclave.close()


def test_another_owner_needs_a_restart(attested):
    for name in ("owner.pem", "owner.pub"):
        (attested.directory / name).unlink()
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", attested.directory / "owner.pem"], check=True)
    hang_up(attested, "the old one stays")
    assert "the owner's key: that needs a restart" in errors(attested)


# ---- sources' keys


def grant_for(daemon, source):
    """(frame's type, what the grant says, or words)"""
    enclave_key, nonce, owner = os.urandom(32), os.urandom(32), owner_point(daemon)
    enclave = Attested(daemon, "qemu:web1", "11", binding=hashlib.sha256(enclave_key + owner + source + nonce).hexdigest())
    assert enclave.receive()[0] == WELCOME
    enclave.until(CHALLENGE)
    enclave.send(41, enclave_key + owner + source + nonce + struct.pack("<II", 1, 0))
    kind, body = enclave.receive()
    enclave.close()
    if kind == NO_GRANT:
        return kind, body.decode()
    (daemon.directory / "grant").write_bytes(body)
    shown = subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "grant", "show", "--json", daemon.directory / "grant"], capture_output=True,
                           check=True)
    return kind, json.loads(shown.stdout)


def test_a_sources_old_key_counts_until_its_end_beside_the_new_one(attested):
    old, new, seconds = b"\x77" * 32, b"\x78" * 32, 6
    kind, grant = grant_for(attested, old)
    assert kind == GRANT and grant["valid_until"] > time.time() + 200
    end = int(time.time()) + seconds
    at = datetime.datetime.fromtimestamp(end, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    change(attested, f"sources: [{old.hex()}]", f"sources: [{new.hex()}, {{key: {old.hex()}, until: {at}}}]")
    hang_up(attested)
    # The one that reaches beyond the end is no good any more; a new one doesn't.
    assert "a grant for qemu:web1 isn't renewed" in errors(attested)
    kind, grant = grant_for(attested, old)
    assert (kind == GRANT and grant["valid_until"] <= end) or time.time() >= end
    kind, grant = grant_for(attested, new)
    assert kind == GRANT and grant["valid_until"] > time.time() + 200
    while time.time() < end:
        time.sleep(0.2)
    kind, words = grant_for(attested, old)
    assert kind == NO_GRANT and "the source's key is over" in words
    # Enrolled again it counts again.
    change(attested, f", until: {at}", "")
    hang_up(attested)
    assert grant_for(attested, old)[0] == GRANT


@pytest.mark.parametrize("wrong, words", [
    (f"[{{key: {'77' * 32}, until: tomorrow}}]", "a time such as 2026-12-01T00:00:00Z"),
    (f"[{'77' * 32}, {{key: {'77' * 32}}}]", "a source that isn't in the list already")])
def test_sources_that_cannot_be_are_told_with_their_line(attested, wrong, words):
    change(attested, f"[{'77' * 32}]", wrong)
    done = subprocess.run([VERIFIER, "serve", "--config", attested.config, "--config-check"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1 and words in done.stderr and "line " in done.stderr


# ---- revoke


def revoke(daemon, *arguments, code=0):
    done = subprocess.run([VERIFIER, "revoke", "--control", daemon.directory / "control", *arguments], capture_output=True, text=True, check=False,
                          timeout=30)
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def watched():
    """In a short path: a target's name has 63 bytes."""
    with tempfile.TemporaryDirectory(prefix="bzo", dir="/tmp") as directory:
        one = Watched(pathlib.Path(directory), fingerprint())
        one.reconfigure("targets:\n", f"control: unix:{directory}/control\ntargets:\n")
        one.open_session()
        yield one
        one.close()


@pytest.mark.parametrize("what", ["target", "enclave", "source"])
def test_what_is_revoked_loses_its_session_and_is_let_in_no_more_until_it_is_lifted(watched, what):
    one = watched
    argument = {"target": ("--target", one.target), "enclave": ("--enclave", "11" * 32), "source": ("--source", one.agent.ready["key"])}[what]
    assert "grants to be taken back: " in revoke(one.daemon, *argument, "--reason", "stolen disk")
    one.wait_for_the_end()
    one.daemon.wait(lambda _: "revoked" in one.alerts())
    [audit] = [alert for alert in one.daemon.state()["alerts"] if alert["kind"] == "barred"]
    assert audit["text"].startswith(f"user {os.getuid()}: the {what} ") and audit["text"].endswith("; stolen disk")
    assert audit["target"] == (one.target if what == "target" else "every target") and audit["attacks"] == []
    # A source's enclaves go on telling what they found; who is revoked himself doesn't.
    if what != "source":
        assert b"operator has revoked" in until_refused(one.enclave)
    # It stays so over a restart.
    assert one.daemon.stop() == 0
    one.daemon.start()
    with pytest.raises(AssertionError, match="operator has revoked"):
        one.open_session()
    assert "refused" not in one.alerts()
    assert "let in again" in revoke(one.daemon, *argument, "--lift")
    one.open_session()
    assert one.reads() and one.alerts()[-1] == "lifted"


def test_who_takes_one_grant_back_ends_its_run_and_no_other(watched):
    one = watched
    first = one.grant_id()
    [noted] = [grant for grant in one.daemon.state()["grants"] if grant["id"] == first]
    assert (noted["target"], noted["mrenclave"]) == (one.target, "11" * 32) and noted["valid_until"] > time.time()
    assert noted["source"] == one.agent.ready["key"] and not noted["is_condemned"]
    # It has been renewed since: the session has another one, and would go on.
    one.enclave.send(41, one.asked)
    kind, later = one.enclave.receive()
    assert kind == GRANT and one.session.renew(later)[0] == link.OK
    assert "grants to be taken back: 2" in revoke(one.daemon, "--grant", first)
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts().count("revoked") == 2)
    # The connection goes on, but there are no more grants for this run, over restarts, too.
    one.enclave.heartbeat(one.nonce)
    one.enclave.until(HEARD)
    one.enclave.send(41, one.asked)
    kind, words = one.enclave.receive()
    assert kind == 43 and b"operator has revoked a grant of this run" in words
    # The same run, come again to a daemon that was restarted.
    assert one.daemon.stop() == 0
    one.daemon.start()
    barred = one.come_again()
    barred.send(41, one.asked)
    kind, words = barred.receive()
    assert kind == 43 and b"operator has revoked a grant of this run" in words
    # Run again, it gets one.
    again = one.enclave
    one.open_session()
    assert one.reads()
    again.close()
    # By the first of its grants, which is over: whoever lifts it knows no other one.
    assert "may get grants again" in revoke(one.daemon, "--grant", first, "--lift")
    barred.send(41, barred.asked)
    assert barred.receive()[0] == GRANT
    assert "isn't revoked" in revoke(one.daemon, "--grant", first, "--lift", code=1)
    assert one.alerts()[-1] == "lifted"
    barred.close()
    assert "there is no grant" in revoke(one.daemon, "--grant", "00" * 16, code=1)


def test_an_order_that_cannot_be_kept_is_refused_in_words_and_nothing_is_done(watched):
    """The limit of file sizes stands for the disk's end."""
    one = watched
    revoke(one.daemon, "--enclave", "22" * 32)
    before = one.alerts()
    subprocess.run(["prlimit", f"--pid={one.daemon.process.pid}", "--fsize=4096:unlimited"], check=True)
    for argument in (("--target", one.target), ("--enclave", "22" * 32, "--lift"), ("--grant", one.grant_id())):
        assert "can't keep it" in revoke(one.daemon, *argument, code=1)
    subprocess.run(["prlimit", f"--pid={one.daemon.process.pid}", "--fsize=unlimited:unlimited"], check=True)
    assert one.reads() and one.alerts() == before
    assert "isn't revoked" in revoke(one.daemon, "--target", one.target, "--lift", code=1)
    assert "let in again" in revoke(one.daemon, "--enclave", "22" * 32, "--lift")


def test_orders_that_cannot_be_are_refused(daemon):
    assert "isn't named like that" in revoke(daemon, "--enclave", "11" * 31, code=2)
    assert "isn't named like that" in revoke(daemon, "--grant", "11" * 15, "--lift", code=2)
    assert "isn't revoked" in revoke(daemon, "--grant", "11" * 16, "--lift", code=1)
    assert "isn't a source's public key" in revoke(daemon, "--source", "xyz", code=2)
    assert "are wanted" in revoke(daemon, code=2)
    assert "one of --target" in revoke(daemon, "--enclave", "11" * 32, "--target", "x", code=2)
    assert "printable ASCII" in revoke(daemon, "--target", "x", "--reason", "a\nb", code=2)
    assert "isn't revoked" in revoke(daemon, "--target", "qemu:web1", "--lift", code=1)
    for line in (b"revoke\n", b"revoke target\n", b"revoke target zz\n", b"revoke enclave 1111\n", b"lift grant " + b"11" * 16 + b"\n",
                 b"burn target 11\n", b"revoke target 11\x1b[2J\n", b"revoke target " + b"11" * 64 + b"\n", b"x" * 200 + b"\n"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(daemon.directory / "control"))
            client.sendall(line)
            assert client.recv(1000).startswith(b"error "), line
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(daemon.directory / "control"))
        client.sendall(b"x" * 100000)
        try:
            assert client.recv(1000) == b""
        except ConnectionResetError:
            pass
    assert kinds(daemon) == [] and daemon.states()["qemu:web1"] == "unknown"
    beat(greeted(daemon))


def test_nobody_but_the_daemons_user_and_root_gives_orders(daemon):
    path = daemon.directory / "control"
    assert path.stat().st_mode & 0o777 == 0o600
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("another user's attempt needs root and setpriv (util-linux)")
    for directory in (path, *path.parents):
        if str(directory).startswith(tempfile.gettempdir() + "/"):
            directory.chmod(0o777)
    ask = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
           "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); s.sendall(b'revoke target 71\\n');"
           "print(s.recv(100))", str(path)]
    done = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=30)
    assert "ok" not in done.stdout and (done.stdout == "b''\n" or "Error" in done.stderr), done
    assert kinds(daemon) == []
