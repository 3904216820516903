# SPDX-License-Identifier: GPL-2.0-or-later
"""The serving agent, seen from an independent client (link_client.py)."""
import base64
import os
import pty
import random
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import link_client as link
from agent_process import Agent, agent, DUMP_SIZE, dumps, find_agent, later, owner, PAGE, refusal, session, start, target   # pylint: disable=unused-import
from link_client import Gone, Owner, Refused, Ring, Session, Stream, read


def test_pages_come_as_they_are_in_the_target(agent, owner, dumps, target):
    data = dumps[target]
    s = session(agent, owner, target)
    for count in (1, 2, 4, 5, 31, 32):
        pages = [random.randrange(DUMP_SIZE // PAGE) for _ in range(count)]
        results = s.ask([read(page * PAGE) for page in pages])
        assert results == [(link.OK, data[page * PAGE:(page + 1) * PAGE]) for page in pages]
    s.close()


def test_parts_of_pages_and_holes_come_in_one_vector(agent, owner, dumps, target):
    data = dumps[target]
    s = session(agent, owner, target)
    results = s.ask([read(0x1234, 7), read(DUMP_SIZE), read(PAGE), read(3 * PAGE, 64), link.operation(link.CHECK),
                     link.operation(link.RAM_MAP), link.operation(link.REGISTERS, 0), read(1 << 51)])
    outcomes = [outcome for outcome, _ in results]
    assert outcomes == [link.OK, link.UNMAPPED, link.OK, link.OK, link.OK, link.OK, link.MISSING, link.UNMAPPED]
    assert results[0][1] == data[0x1234:0x123b]
    assert results[2][1] == data[PAGE:2 * PAGE]
    assert results[3][1] == data[3 * PAGE:3 * PAGE + 64]
    assert struct.unpack_from("<QQQ", results[5][1]) == (1, 0, DUMP_SIZE)
    s.close()


def test_many_sessions_read_many_targets_at_once(agent, owner, dumps):
    failures = []

    def work(number):
        target = list(dumps)[number % len(dumps)]
        data, chooser = dumps[target], random.Random(number)
        try:
            s = session(agent, owner, target)
            for _ in range(100):
                pages = [chooser.randrange(DUMP_SIZE // PAGE) for _ in range(chooser.randrange(1, 9))]
                results = s.ask([read(page * PAGE) for page in pages])
                assert results == [(link.OK, data[page * PAGE:(page + 1) * PAGE]) for page in pages]
            s.close()
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    agent.settle("sessions", 0)


def test_tcp_carries_the_same_session(agent, owner, dumps, target):
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    connection = Stream(socket.create_connection(("127.0.0.1", port)))
    s = Session(connection, owner, target).handshake()
    assert s.ask([read(5 * PAGE)]) == [(link.OK, dumps[target][5 * PAGE:6 * PAGE])]
    s.close()
    connection.close()
    with open("/proc/net/tcp", encoding="ascii") as f:
        assert any(line.split()[1] == f"0100007F:{port:04X}" for line in f.readlines()[1:]), "listens on loopback only"


def test_grants_of_others_for_others_and_of_yesterday_are_refused(agent, owner, target, dumps):
    before = agent.status()["refused"]
    other = next(name for name in dumps if name != target)
    key = link.X25519PrivateKey.generate()
    ring = Ring(agent.path)
    stolen = owner.grant(link.public_bytes(link.X25519PrivateKey.generate()), ring.source_key, ring.source_nonce, target)
    forged = bytearray(owner.grant(link.public_bytes(key), ring.source_key, ring.source_nonce, target))
    forged[24] |= link.USER
    for why, counter, grant in [
            ("owner", "handshake", {"binding_owner": Owner().public}),
            ("an earlier start", "handshake", {"binding_nonce": secrets.token_bytes(32)}),
            ("signature", "grant", {"encoded": Owner().grant(link.public_bytes(key), ring.source_key,
                                                                     ring.source_nonce, target), "key": key}),
            ("signature", "grant", {"encoded": bytes(forged), "key": key}),
            ("another enclave", "grant", {"encoded": stolen}),
            ("start", "grant", {"nonce": secrets.token_bytes(32)}),
            ("source", "grant", {"source_key": link.public_bytes(link.X25519PrivateKey.generate())}),
            ("target", "grant", {"grant_target": other}),
            ("valid until", "grant", {"lasts": -1}),
            ("debug", "policy", {"flags": 1}),
            ("unknown flags", "grant", {"flags": 2}),
            ("rights", "grant", {"rights": 16})]:
        now = agent.status()["refused"][counter]
        assert why in refusal(agent, owner, target, **grant), grant
        assert agent.status()["refused"][counter] == now + 1, grant
    assert "isn't served here" in refusal(agent, owner, "qemu:1")
    assert agent.status()["refused"]["target"] == before["target"] + 1
    ring.close()
    agent.settle("half_open", 1)  # the one that asks


def test_sim_is_refused_unless_it_was_allowed(tmp_path, owner, target):
    owner.write_public(tmp_path / "owner.pub")
    path = str(tmp_path / "sock")
    with open(tmp_path / "log", "ab") as log:
        process = subprocess.Popen([find_agent(), "serve", "--json", "--socket", path, "--owner", tmp_path / "owner.pub",
                                    "--key", tmp_path / "key", "--target", target], stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout.readline()
        with pytest.raises(Refused, match="simulated enclave"):
            Session(Ring(path), owner, target).handshake()
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_replayed_first_message_reads_nothing_and_takes_no_session(agent, owner, target):
    s = session(agent, owner, target)
    s.ask([read(0)])
    before = agent.status()
    rings = [Ring(agent.path) for _ in range(5)]
    for ring in rings:
        answer = ring.exchange(s.first)
        assert struct.unpack_from("<H", answer)[0] == link.SECOND, "the handshake goes on …"
        # … but without the enclave's key nobody can say anything in it.
        with pytest.raises(Refused, match="doesn't open"):
            Session.expect(ring.exchange(s.seal(Session.encode([read(0)]))[:8] + struct.pack("<Q", 0) + bytes(112)), link.RECORD)
    after = agent.status()
    for key in ("sessions", "sessions_total", "requests", "bytes"):
        assert after[key] == before[key], key
    assert after["refused"]["record"] == before["refused"]["record"] + 5
    # The one session is untouched: its own counter wasn't the replayer's.
    s.sent -= 5
    assert s.ask([read(0)])[0][0] == link.OK
    s.close()


def test_records_that_were_touched_end_the_session_and_are_said(agent, owner, target):
    def flip(message):
        return message[:40] + bytes([message[40] ^ 1]) + message[41:]

    for harm, word in [(flip, "doesn't open"), (lambda m: m[:-1], "says it has"), (lambda m: m + b"\0", "says it has"),
                       (lambda m: m[:8] + struct.pack("<Q", 7) + m[16:], "dropped"), (lambda m: b"", "")]:
        s = session(agent, owner, target)
        s.ask([read(0)])
        with pytest.raises(Refused) as refused:
            s.open(s.transport.exchange(harm(s.seal(Session.encode([read(0)])))))
        assert word in str(refused.value)
        with pytest.raises(Gone):
            s.transport.exchange(s.seal(Session.encode([read(0)])))
    s = session(agent, owner, target)
    again = s.seal(Session.encode([read(0)]))
    s.open(s.transport.exchange(again))
    with pytest.raises(Refused, match="replayed"):
        s.open(s.transport.exchange(again))


def test_a_grant_that_ends_during_a_session_ends_it(agent, owner, target):
    s = session(agent, owner, target, lasts=2)
    assert s.ask([read(0)])[0][0] == link.OK
    with pytest.raises(Refused, match="time is over"):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            s.ask([read(0)])
            time.sleep(0.1)
    idle = session(agent, owner, target, lasts=3)   # in whole seconds: one may be over at once
    idle.ask([read(0)])
    agent.settle("sessions", 0)  # nothing is kept for it …
    with pytest.raises(Refused, match="time is over"):
        idle.ask([read(0)])  # … but it is told why


def test_a_quota_is_counted_over_all_sessions_of_its_grant(agent, owner, target):
    number = secrets.token_bytes(16)
    limits = {"quota_bytes": 10 * PAGE, "quota_requests": 12, "grant_id": number}
    one, two = session(agent, owner, target, **limits), session(agent, owner, target, **limits)
    assert [outcome for outcome, _ in one.ask([read(0)] * 4)] == [link.OK] * 4
    assert (one.bytes_left, one.requests_left) == (6 * PAGE, 8)
    assert [outcome for outcome, _ in two.ask([read(0)] * 4)] == [link.OK] * 4
    outcomes = [outcome for outcome, _ in one.ask([read(0)] * 4)]
    assert outcomes == [link.OK] * 2 + [link.LIMIT] * 2
    assert one.bytes_left == 0 and one.requests_left == 2
    assert [outcome for outcome, _ in two.ask([link.operation(link.CHECK)] * 3)] == [link.OK, link.OK, link.LIMIT]
    one.close()
    two.close()
    late = session(agent, owner, target, **limits)
    assert late.ask([read(0)])[0][0] == link.LIMIT
    late.close()


def test_user_memory_needs_its_right(agent, owner, target):
    s = session(agent, owner, target)
    results = s.ask([read(0x1000, space=link.USER_VIRTUAL, root=0x2000), read(0)])
    assert [outcome for outcome, _ in results] == [link.DENIED, link.OK]
    s.close()
    s = session(agent, owner, target, rights=link.KERNEL | link.USER)
    results = s.ask([read(0x1000, space=link.USER_VIRTUAL, root=0x2000), read(0)])
    # There is no kernel in random bytes, so nothing to translate with.
    assert [outcome for outcome, _ in results] == [link.MISSING, link.OK]
    s.close()
    # Tables could be any page: so it would be no less than `kernel`.
    assert "without `kernel`" in refusal(agent, owner, target, rights=link.USER)


def test_requests_that_are_none_end_the_session(agent, owner, target):
    good = Session.encode([read(0)])
    for content in (b"", good[:-1], good + b"\0", b"\xff" * 96, b"\xff" * 800, bytes(96),
                    Session.encode([read(0)] * 4)[:8] + bytes(792), struct.pack("<II24x", 0x51525A42, 33) + bytes(768),
                    struct.pack("<II24x", 0x51525A42, 2**32 - 1) + bytes(96), Session.encode([read(PAGE - 1, 2)]),
                    Session.encode([read(0, 4097)]), Session.encode([read(0, 0)]), Session.encode([(77, 0, 0, 0, 0)])):
        s = session(agent, owner, target)
        s.ask([read(0)])
        with pytest.raises(Refused):
            s.open(s.transport.exchange(s.seal(content)))


def test_a_ring_with_impossible_numbers_ends_at_once(agent, owner, target):
    for size, step in ((link.REQUEST_SIZE + 1, 1), (2**64 - 1, 1), (100, 2), (100, 2**63), (100, 2**64 - 1)):
        s = session(agent, owner, target)
        s.ask([read(0)])
        ring = s.transport
        ring.set_word(link.REQUEST_LENGTH, size)
        ring.set_word(link.REQUEST_SEQUENCE, (ring.sequence + step) % 2**64)
        ring.wake()
        deadline = time.monotonic() + 20
        while not ring.word(link.SOURCE_GONE):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    agent.settle("sessions", 0)


def test_a_ring_cannot_be_cut_or_grown(agent):
    ring = Ring(agent.path)
    for size in (0, 4096, link.RING_SIZE * 2):
        with pytest.raises(PermissionError):
            os.ftruncate(ring.memfd, size)
    ring.close()


def test_connections_that_begin_with_anything_else_are_refused(agent):
    def first(data):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(agent.path)
            s.sendall(data)
            s.settimeout(20)
            return s.recv(4096)[16:]

    magic = link.FRAME_MAGIC
    assert b"no frame" in first(b"GET / HTTP/1.1\r\n\r\n")
    assert b"no frame" in first(struct.pack("<IHHII", magic, 1, 0, 2**32 - 1, 0))
    assert b"begins" in first(struct.pack("<IHHII", magic, 4, 0, 0, 0))
    assert b"begins" in first(struct.pack("<IHHII", magic, 1, 0, 4, 0) + bytes(4))
    assert b"version 1" in first(struct.pack("<IHHIIII", magic, 1, 0, 8, 0, 2, 0))


def test_many_clients_that_die_in_the_middle_leave_nothing_behind(start, owner, target):
    # The dead are noticed after half a second; meanwhile their sessions stand.
    agent = start("--half-open", "8", "--handshakes", "1000000", "--sessions", "1000")
    chooser = random.Random(7)

    def die(how):
        ring = Ring(agent.path)
        if how == 0:
            return ring.close()
        s = Session(ring, owner, target)
        if how == 1:
            ring.tell(s.first)
            return ring.close()
        s.handshake()
        if how == 2:
            return ring.close()
        s.ask([read(0)])
        if how == 3:
            ring.tell(s.seal(Session.encode([read(page * PAGE) for page in range(32)])))
        return ring.close()

    for _ in range(500):
        die(chooser.randrange(5))
    agent.settle("clients", 1)
    files, resident = agent.files_alone(), agent.resident_kib()
    for _ in range(500):
        die(chooser.randrange(5))
    agent.settle("clients", 1)
    assert agent.files_alone() == files
    assert agent.resident_kib() < resident + 1024
    s = session(agent, owner, target)
    assert s.ask([read(0)])[0][0] == link.OK


def test_half_open_connections_are_few_and_the_oldest_goes_first(start, owner, target):
    agent = start("--half-open", "4")
    standing = session(agent, owner, target)
    standing.ask([read(0)])
    rings = []
    for _ in range(20):
        rings.append(Ring(agent.path))
    deadline = time.monotonic() + 20
    while agent.status()["refused"]["evicted"] < 14:
        assert time.monotonic() < deadline, agent.status()
    # Asking for the status is a connection, too, and evicts; the newest are still good.
    newest = Session(rings[-1], owner, target).handshake()
    assert newest.ask([read(0)])[0][0] == link.OK
    with pytest.raises((Refused, BrokenPipeError)):
        Session(rings[0], owner, target).handshake()
    assert standing.ask([read(0)])[0][0] == link.OK, "a proven session is never evicted"


def test_sessions_and_handshakes_have_limits_that_are_said(start, owner, target):
    agent = start("--sessions", "2", "--handshakes", "10")
    held = [session(agent, owner, target) for _ in range(2)]
    for s in held:
        s.ask([read(0)])
    assert "all 2 sessions" in refusal(agent, owner, target)
    held[0].close()
    agent.settle("sessions", 1)
    stranger, said = Owner(), set()
    for _ in range(200):
        said.add(refusal(agent, stranger, target))
        if agent.status()["refused"]["rate"]:
            break
    assert any("more than 10 handshakes a second" in words for words in said)


def test_what_is_no_handshake_takes_nobodys_place_among_them(start, owner, target):
    agent = start("--handshakes", "2", "--half-open", "64")
    for message in 10 * [b"", b"x" * 100, link.head(link.FIRST, 8) + bytes(8), link.head(link.RECORD, 600) + bytes(600),
                         link.head(link.FIRST, 800) + bytes(800)]:
        reply = Ring(agent.path).exchange(message)
        assert struct.unpack_from("<H", reply)[0] == link.ERROR and b"handshakes a second" not in reply
    assert session(agent, owner, target).ask([read(0)])[0][0] == link.OK
    assert agent.status()["refused"]["rate"] == 0 and agent.status()["handshakes"] == 1


def test_one_grant_cannot_take_all_sessions(start, owner, target):
    agent = start("--sessions", "8")
    key, grant_id = X25519PrivateKey.generate(), secrets.token_bytes(16)
    held = [session(agent, owner, target, key=key, grant_id=grant_id) for _ in range(4)]
    assert all(s.ask([read(0)])[0][0] == link.OK for s in held)
    assert "one grant has 4 sessions" in refusal(agent, owner, target, key=key, grant_id=grant_id)
    other = session(agent, owner, target, key=key)
    assert other.ask([read(0)])[0][0] == link.OK
    # Nor by showing it later; and a place that is left is free again.
    assert other.renew(later(owner, other, target, grant_id=grant_id))[0] == link.LIMIT
    held.pop().close()
    agent.settle("sessions", 4)
    assert other.renew(later(owner, other, target, grant_id=grant_id))[0] == link.OK
    assert "one grant has 4 sessions" in refusal(agent, owner, target, key=key, grant_id=grant_id)
    assert agent.status()["refused"]["full"] == 2
    for s in (*held, other):
        s.close()
    agent.settle("sessions", 0)


def test_the_daemon_has_given_up_what_it_does_not_need(agent):
    status = agent.proc("status")
    assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
    allowed = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH
    for name in ("CapEff", "CapPrm", "CapBnd"):
        if name != "CapBnd" or os.geteuid() == 0:
            assert int(status[name].strip(), 16) & ~allowed == 0, name
    for task in os.listdir(f"/proc/{agent.process.pid}/task"):
        with open(f"/proc/{agent.process.pid}/task/{task}/status", encoding="ascii") as f:
            assert "Seccomp:\t2" in f.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_becomes_another_user_and_still_serves(start, owner, target, tmp_path):
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        os.chmod(directory, 0o755)
    agent = start("--user", "nobody")
    assert agent.proc("status")["Uid"].split()[:3] == ["65534"] * 3
    s = session(agent, owner, target)
    assert s.ask([read(0)])[0][0] == link.OK
    assert "stays root" not in agent.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root stays root")
def test_who_leaves_it_root_is_warned(agent):
    assert "this agent stays root" in agent.log() and "--user NAME" in agent.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_as_another_user_it_still_ends_with_the_process_that_it_was_bound_to(tmp_path, owner):
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        os.chmod(directory, 0o755)
    owner.write_public(str(tmp_path / "owner.pub"))
    starter = ("import ctypes, subprocess, sys, time\n"
               "pdeathsig = lambda: ctypes.CDLL(None).prctl(1, 15)\n"
               "agent = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, preexec_fn=pdeathsig)\n"
               "agent.stdout.readline()\n"
               "print(agent.pid, flush=True)\n"
               "time.sleep(600)\n")
    with subprocess.Popen([sys.executable, "-c", starter, find_agent(), "serve", "--json", "--socket", tmp_path / "agent.sock",
                           "--owner", tmp_path / "owner.pub", "--key", tmp_path / "agent.key", "--user", "nobody"],
                          stdout=subprocess.PIPE) as parent:
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        assert select.select([handle], [], [], 20)[0], "it outlived its parent"
    except AssertionError:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        raise
    finally:
        os.close(handle)


def test_its_key_is_its_own_and_stays_and_its_nonce_changes(start, tmp_path, owner):
    first = start()
    key_path = os.path.join(first.directory, "agent.key")
    assert os.stat(key_path).st_mode & 0o777 == 0o600
    public = subprocess.run(["openssl", "pkey", "-pubin", "-in", os.path.join(first.directory, "agent.pub"), "-outform", "DER"],
                            capture_output=True, check=True).stdout[-32:]
    assert public.hex() == first.ready["key"]
    assert first.end() == 0
    again = Agent(first.directory, owner)
    assert again.ready["key"] == first.ready["key"] and again.ready["nonce"] != first.ready["nonce"]
    again.end()
    os.chmod(key_path, 0o644)
    done = subprocess.run([find_agent(), "serve", "--socket", str(tmp_path / "s"), "--key", key_path, "--owner",
                           os.path.join(first.directory, "owner.pub")], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1 and "others may read" in done.stderr


def public_key_in(path):
    return subprocess.run(["openssl", "pkey", "-pubin", "-in", path, "-outform", "DER"], capture_output=True, check=True).stdout[-32:].hex()


def test_agents_that_start_for_the_first_time_at_once_have_one_key(tmp_path, owner):
    """And a start that was killed between the two files leaves nothing that stays."""
    state, ready, agents = tmp_path / "state", threading.Barrier(12), []

    def up(number):
        place = tmp_path / str(number)
        place.mkdir()
        ready.wait(timeout=20)
        agents.append(Agent(place, owner, "--key", str(state / "agent.key")))

    threads = [threading.Thread(target=up, args=(number,)) for number in range(ready.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = {agent.ready["key"] for agent in agents}
    assert [agent.end() for agent in agents] == [0] * ready.parties
    assert keys == {public_key_in(state / "agent.pub")}
    os.unlink(state / "agent.pub")
    agents.append(Agent(tmp_path / "0", owner, "--key", str(state / "agent.key")))
    assert agents[-1].end() == 0
    assert keys == {agents[-1].ready["key"], public_key_in(state / "agent.pub")}
    assert sorted(os.listdir(state)) == ["agent.key", "agent.pub"]


def test_a_key_that_wants_a_passphrase_is_refused_and_nobody_is_asked(tmp_path, owner):
    """Without a terminal OpenSSL would read its input, a pipe that stays open here."""
    good, encrypted = tmp_path / "owner.pub", tmp_path / "encrypted"
    owner.write_public(str(good))
    for kind in ("PUBLIC KEY", "RSA PRIVATE KEY"):
        encrypted.write_bytes(f"-----BEGIN {kind}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n".encode()
                              + base64.b64encode(bytes(48)) + f"\n-----END {kind}-----\n".encode())
        encrypted.chmod(0o600)
        is_owner = kind == "PUBLIC KEY"
        process = subprocess.Popen([find_agent(), "serve", "--socket", tmp_path / "s", "--owner", encrypted if is_owner else good, "--key",
                                    tmp_path / "made.key" if is_owner else encrypted], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            assert process.wait(timeout=20) == 1
        finally:
            process.kill()
        errors = process.communicate()[1]
        assert "key in PEM" in errors and "pass phrase" not in errors, errors


def test_told_to_end_it_closes_sessions_so_that_it_can_be_proven(start, owner, target):
    agent = start()
    s = session(agent, owner, target)
    s.ask([read(0)])
    agent.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 20
    while not s.transport.word(link.SOURCE_GONE):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    size = s.transport.word(link.REPLY_LENGTH)
    with pytest.raises(Gone, match="proven"):
        s.open(bytes(s.transport.map[link.REPLY_AT:link.REPLY_AT + size]))
    assert agent.process.wait(20) == 0
    assert not os.path.exists(agent.path)


def test_a_killed_agent_is_seen_and_its_successor_takes_no_old_grants(start, owner, target):
    agent = start()
    s = session(agent, owner, target)
    s.ask([read(0)])
    agent.process.kill()
    agent.process.wait(20)
    with pytest.raises(Gone):
        s.ask([read(0)])
    again = Agent(agent.directory, owner, targets=[target])
    assert again.ready["key"] == agent.ready["key"]
    ring = Ring(again.path)
    ring.source_nonce = s.transport.source_nonce  # as a host would that keeps the old grant
    with pytest.raises(Refused, match="earlier start"):
        Session(ring, owner, target, encoded=s.encoded, key=s.key).handshake()
    fresh = session(again, owner, target)
    assert fresh.ask([read(0)])[0][0] == link.OK
    fresh.close()
    assert again.end() == 0


def test_a_client_killed_in_a_request_does_not_hold_others(agent, owner, target):
    child = os.fork()
    if child == 0:
        s = session(agent, owner, target)
        while True:
            s.ask([read(page * PAGE) for page in range(32)])
    try:
        agent.settle("sessions", 1)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    s = session(agent, owner, target)
    assert s.ask([read(0)])[0][0] == link.OK
    s.close()
    agent.settle("sessions", 0)


def test_a_slow_or_silent_stream_does_not_stay(start, owner, target):
    agent = start("--hello-timeout", "1")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(agent.path)
        connection = Stream(s)
        # A frame's head, and then nothing.
        connection.write(struct.pack("<IHHII", link.FRAME_MAGIC, link.MESSAGE, 0, 1000, 1))
        with pytest.raises(Gone):
            connection.receive_frame()
            connection.receive_frame()
    silent = Ring(agent.path)
    deadline = time.monotonic() + 20
    while not silent.word(link.SOURCE_GONE):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert agent.status()["refused"]["silent"] >= 1


def test_a_session_that_asks_nothing_ends_and_is_told_why_and_one_that_asks_stays(start, owner, target, tmp_path):
    with socket.socket(socket.AF_UNIX) as chardev:
        chardev.bind(str(tmp_path / "chardev"))
        chardev.listen(1)
        chardev.settimeout(20)
        agent = start("--idle", "3", "--tcp", "0", "--serial", str(tmp_path / "chardev"))
        port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
        other = session(agent, owner, target)
        silent = [Session(transport, owner, target).handshake()
                  for transport in (Ring(agent.path), Stream(socket.create_connection(("127.0.0.1", port))), Stream(chardev.accept()[0]))]
        for one in (*silent, other):
            assert one.ask([read(0)])[0][0] == link.OK
        deadline = time.monotonic() + 20
        while agent.status()["sessions"] != 1:
            assert time.monotonic() < deadline
            assert other.ask([read(0)])[0][0] == link.OK
            time.sleep(0.2)
        for _ in range(20):
            time.sleep(0.2)
            assert other.ask([read(0)])[0][0] == link.OK, "it is never silent for three seconds"
        for one in silent:
            with pytest.raises(Refused, match="nothing was asked for 3 s"):
                one.ask([read(0)])
            one.transport.close()
    assert agent.log().count("nothing was asked for 3 s") == 3 and agent.status()["refused"]["silent"] == 3
    other.close()
    agent.settle("sessions", 0)


def test_a_tcp_peer_that_is_quiet_is_asked_whether_it_is_there(agent, owner, target):
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    connection = Stream(socket.create_connection(("127.0.0.1", port)))
    s = Session(connection, owner, target).handshake()
    assert s.ask([read(0)])[0][0] == link.OK
    ends = f"0100007F:{port:04X}", f"0100007F:{connection.file.getsockname()[1]:04X}"
    deadline, timer = time.monotonic() + 20, "01:"
    while timer.startswith("01:"):  # the answer isn't acknowledged yet
        assert time.monotonic() < deadline
        time.sleep(0.05)
        with open("/proc/net/tcp", encoding="ascii") as f:
            timer, = (line.split()[5] for line in f if tuple(line.split()[1:3]) == ends)
    # proc(5): 02 is the timer for keep-alive; and when it is due, in hundredths of a second.
    assert timer.startswith("02:") and 0 < int(timer[3:], 16) <= 6000, timer
    s.close()
    connection.close()


def serial_conversation(file, owner, dumps, target):
    data = dumps[target]
    os.write(file.fileno(), b"login: \x00\xff noise BZL1 \x42\x5a")
    connection = Stream(file)
    s = Session(connection, owner, target).handshake()
    for page in (0, 7, 100):
        assert s.ask([read(page * PAGE)]) == [(link.OK, data[page * PAGE:(page + 1) * PAGE])]
    # The next one begins without a goodbye.
    connection = Stream(file)
    s = Session(connection, owner, target).handshake()
    assert s.ask([read(PAGE, 16)] * 3) == [(link.OK, data[PAGE:PAGE + 16])] * 3
    s.close()
    connection = Stream(file)
    assert Session(connection, owner, target).handshake().ask([read(0, 1)]) == [(link.OK, data[:1])]


def test_a_terminal_line_carries_sessions_one_after_the_other(start, owner, dumps, target):
    ours, theirs = pty.openpty()
    agent = start("--serial", os.ttyname(theirs))
    with os.fdopen(ours, "r+b", buffering=0) as file:
        serial_conversation(file, owner, dumps, target)
    os.close(theirs)
    assert agent.end() == 0


def test_a_socket_that_stands_for_a_port_is_connected_to_again(start, owner, dumps, target, tmp_path):
    path = str(tmp_path / "chardev")
    with socket.socket(socket.AF_UNIX) as chardev:
        chardev.bind(path)
        chardev.listen(1)
        agent = start("--serial", path)
        for _ in range(2):
            chardev.settimeout(20)
            connection, _ = chardev.accept()
            with connection:
                serial_conversation(connection, owner, dumps, target)
    assert agent.end() == 0


def test_a_port_serves_on_after_its_grant_has_ended_and_many_others_came(start, owner, dumps, target, tmp_path):
    path = str(tmp_path / "chardev")
    with socket.socket(socket.AF_UNIX) as chardev:
        chardev.bind(path)
        chardev.listen(1)
        chardev.settimeout(20)
        agent = start("--serial", path, "--half-open", "1")
        with chardev.accept()[0] as connection:
            s = Session(Stream(connection), owner, target, lasts=3).handshake()
            assert s.ask([read(0)])[0][0] == link.OK
            agent.settle("sessions", 0)
            # More connections without an enclave than may be: the oldest goes, and a port isn't one.
            others = [Ring(agent.path) for _ in range(3)]
            serial_conversation(connection, owner, dumps, target)
            for other in others:
                other.close()
    assert agent.end() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_port_that_it_may_not_connect_to_is_said_once(start, tmp_path):
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        os.chmod(directory, 0o755)
    path = str(tmp_path / "chardev")
    with socket.socket(socket.AF_UNIX) as chardev:
        chardev.bind(path)
        os.chmod(path, 0o700)
        chardev.listen(1)
        agent = start("--serial", path, "--user", "nobody")
        time.sleep(2.5)  # it tries each second
        assert agent.log().count(f"port {path[:50]}: can't connect to it: Permission denied") == 1, agent.log()


def test_a_target_that_cannot_be_attached_to_is_said(start, owner):
    agent = start(targets=["dump:/nonexistent/ram"])
    assert "/nonexistent/ram" in refusal(agent, owner, "dump:/nonexistent/ram")
    agent.settle("sessions", 0)


def test_why_is_said_in_clear_only_to_whom_may_know_it(start, owner, tmp_path):
    """What the log says, whole, to root here; over TCP, where everybody on the way reads it, no more than its kind."""
    packed = tmp_path / "packed"
    packed.write_bytes(b"KDUMP   " + bytes(4088))
    names = [f"dump:{packed}", "dump:/nonexistent/ram", "qemu:4194304"]
    agent = start("--tcp", "0", targets=names)
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    said = []
    for name in names:
        connection = Stream(socket.create_connection(("127.0.0.1", port)))
        with pytest.raises(Refused) as refused:
            Session(connection, owner, name).handshake().ask([read(0)])
        connection.close()
        said.append(str(refused.value))
    assert "can't be attached to: the agent's log says why" in said[0] and "isn't there: the agent's log says more" in said[1]
    assert not any(word in words for words in said for word in ("makedumpfile", "kdump", "/nonexistent", "4194304")), said
    assert "makedumpfile" in agent.log() and "makedumpfile" in refusal(agent, owner, names[0])
    agent.settle("sessions", 0)


def test_status_is_not_for_everybody_and_refusals_are_counted(agent):
    status = agent.status()
    assert set(status["refused"]) == {"crowded", "evicted", "silent", "frame", "rate", "handshake", "grant", "policy",
                                      "target", "full", "record", "expired", "revoked", "rights", "quota"}
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(struct.pack("<IHHII", link.FRAME_MAGIC, link.ASK_STATUS, 0, 0, 0))
        s.settimeout(20)
        assert b"only root" in s.recv(4096)
