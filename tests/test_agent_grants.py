# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a grant once it is given: taken back, followed by a later one. Seen from an independent client (link_client.py)."""
import hashlib
import hmac
import secrets
import socket
import struct
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

import link_client as link
from agent_process import agent, dumps, later, owner, session, start, target   # pylint: disable=unused-import
from link_client import Owner, Refused, Ring, Session, Stream, read


def revoke(agent, body, port=None, proof=False):
    """(frame's type, its words, or the proof)"""
    with socket.socket(socket.AF_UNIX) if port is None else socket.socket() as s:
        s.settimeout(20)
        s.connect(agent.path if port is None else ("127.0.0.1", port))
        s.sendall(struct.pack("<IHHII", link.FRAME_MAGIC, link.REVOKE, 0, len(body), 0) + body)
        answer = b""
        while more := s.recv(4096):
            answer += more
    return struct.unpack_from("<H", answer, 4)[0], answer[16:] if proof else answer[16:].decode()


def test_a_grant_that_the_owner_takes_back_is_worth_nothing_from_then_on(agent, owner, target):
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    through_ring, idle = Session(Ring(agent.path), owner, target), Session(Stream(socket.create_connection(("127.0.0.1", port))), owner, target)
    other = Session(Ring(agent.path), owner, target)
    for session in (through_ring, idle, other):
        assert session.handshake().ask([read(0)])[0][0] == link.OK
    before = agent.status()
    assert revoke(agent, owner.revocation(through_ring.encoded)) == (link.REVOKED, "")
    assert revoke(agent, owner.revocation(idle.encoded), port) == (link.REVOKED, "")
    # Who asks nothing loses his session all the same, and is told why when he does.
    agent.settle("sessions", before["sessions"] - 2)
    for session in (through_ring, idle):
        with pytest.raises(Refused, match="taken the grant back"):
            session.ask([read(0)])
    with pytest.raises(Refused, match="taken this grant back"):
        Session(Ring(agent.path), owner, target, key=idle.key, encoded=idle.encoded).handshake()
    assert other.ask([read(0)])[0][0] == link.OK
    after = agent.status()
    assert after["revocations"] == before["revocations"] + 2
    assert after["refused"]["revoked"] == before["refused"]["revoked"] + 3
    # Once more is as good as once, and no news.
    assert revoke(agent, owner.revocation(idle.encoded)) == (link.REVOKED, "")
    assert agent.status()["revocations"] == after["revocations"]
    other.close()


def test_a_later_grant_takes_the_place_of_the_one_before(agent, owner, target):
    s = session(agent, owner, target, lasts=60, quota_requests=3)
    assert s.ask([read(0)])[0][0] == link.OK and s.requests_left == 2
    before = agent.status()["renewals"]
    outcome, left_ms = s.renew(s.encoded)
    assert outcome == link.OK and left_ms <= 60000  # its own: how long it holds
    assert agent.status()["renewals"] == before
    second = later(owner, s, target, lasts=3600, quota_requests=7)
    outcome, left_ms = s.renew(second)
    assert outcome == link.OK and 3000000 < left_ms <= 3600000
    assert s.ask([read(0)])[0][0] == link.OK and s.requests_left == 6  # a grant has its own quota
    assert agent.status()["renewals"] == before + 1
    # The first is nothing to the session any more, the second is.
    assert revoke(agent, owner.revocation(s.encoded)) == (link.REVOKED, "")
    assert s.ask([read(0)])[0][0] == link.OK
    assert revoke(agent, owner.revocation(second)) == (link.REVOKED, "")
    with pytest.raises(Refused):
        s.ask([read(0)])


@pytest.mark.parametrize("words, other", [
    ("signature", {"owner": Owner()}),
    ("another enclave", {"enclave_key": link.public_bytes(X25519PrivateKey.generate())}),
    ("another source", {"source_key": link.public_bytes(X25519PrivateKey.generate())}),
    ("last start", {"source_nonce": bytes(32)}),
    (", not for ", {"target": "OTHER"}),
    ("valid until", {"lasts": -1}),
    ("other rights", {"rights": link.KERNEL | link.USER}),
    ("other rights", {"rights": link.KERNEL | link.OUTPUT}),
    ("another backend", {"backend": link.SGX}),
    ("debug", {"flags": 1}),
    ("unknown flags", {"flags": 2}),
    ("taken this grant back", {}),
], ids=["owner", "key", "source", "start", "target", "expired", "more rights", "output", "backend", "debug", "flags", "revoked"])
def test_a_later_grant_that_does_not_fit_changes_nothing(agent, owner, target, dumps, words, other):
    s = session(agent, owner, target, lasts=60)
    if other.get("target"):
        other = {"target": next(name for name in dumps if name != target)}
    by = other.get("owner", owner)
    wrong = later(by, s, target, **{"lasts": 600, **{name: value for name, value in other.items() if name != "owner"}})
    if not other:
        assert revoke(agent, owner.revocation(wrong)) == (link.REVOKED, "")
    before, said = agent.status(), len(agent.log())
    outcome, left_ms = s.renew(wrong)
    assert outcome == link.DENIED and left_ms <= 60000
    assert words in agent.log()[said:]
    assert s.ask([read(0)])[0][0] == link.OK and agent.status()["renewals"] == before["renewals"]
    assert s.renew(later(owner, s, target))[0] == link.OK
    s.close()


def test_fewer_rights_are_other_rights(agent, owner, target):
    s = session(agent, owner, target, rights=link.KERNEL | link.USER)
    assert s.renew(later(owner, s, target))[0] == link.DENIED
    assert s.renew(later(owner, s, target, rights=link.KERNEL | link.USER))[0] == link.OK
    s.close()


def test_who_shows_later_grants_all_the_time_is_told_to_wait_and_keeps_what_he_has(agent, owner, target):
    s = session(agent, owner, target)
    grants = [later(owner, s, target) for _ in range(200)]
    before, outcomes = agent.status()["renewals"], []
    for grant in grants:  # until it is too fast, on a slow machine, too
        outcomes.append(s.renew(grant)[0])
        if outcomes[-1] != link.OK:
            break
    taken = outcomes.count(link.OK)
    assert outcomes[-1] == link.LIMIT and taken >= 16
    assert agent.status()["renewals"] == before + taken
    assert s.ask([read(0)])[0][0] == link.OK
    deadline = time.monotonic() + 20
    while s.renew(later(owner, s, target))[0] != link.OK:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    s.close()


def test_who_asks_for_it_gets_a_proof_that_the_source_has_taken_the_revocation(agent, owner, target):
    session, fresh = Session(Ring(agent.path), owner, target).handshake(), X25519PrivateKey.generate()
    asked = owner.revocation(session.encoded) + link.public_bytes(fresh)
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(session.transport.source_key))
    wanted = hmac.new(shared, b"Bartizan revoked 1" + asked, hashlib.sha256).digest()
    assert revoke(agent, asked, proof=True) == (link.REVOKED, wanted)
    # Nothing is proven to whom the owner hasn't sent, nor with a key that makes any secret zero.
    assert revoke(agent, asked[:30] + b"\0\0" + asked[32:])[0] == link.REFUSED
    assert "low order" in revoke(agent, asked[:-32] + bytes(32))[1]
    with pytest.raises(Refused):
        session.ask([read(0)])


def test_a_flood_of_handshakes_does_not_keep_the_owner_from_taking_a_grant_back(start, owner, target):
    agent = start("--handshakes", "1", targets=[target])
    watched = session(agent, owner, target)
    with pytest.raises(Refused, match="handshakes a second"):
        while True:
            session(agent, owner, target).close()
    assert revoke(agent, owner.revocation(watched.encoded)) == (link.REVOKED, "")


def test_only_the_owner_can_take_a_grant_back_and_only_of_this_source(agent, owner, target):
    session = Session(Ring(agent.path), owner, target).handshake()
    good = owner.revocation(session.encoded)
    of_another_start = session.encoded[:208] + secrets.token_bytes(32) + session.encoded[240:]
    of_another_source = session.encoded[:176] + secrets.token_bytes(32) + session.encoded[208:]
    for body, words in ((Owner().revocation(session.encoded), "isn't the owner's"), (good[:20] + b"\0" + good[21:], "isn't the owner's"),
                        (owner.revocation(of_another_source), "another source"),
                        (good[:-1], "is none"), (b"", "is none"), (b"X" + good[1:], "is none"), (session.encoded, "is none")):
        kind, said = revoke(agent, body)
        assert kind == link.REFUSED and words in said, (kind, said)
    # A grant of an earlier start is void already, so there is nothing to remember.
    assert revoke(agent, owner.revocation(of_another_start)) == (link.REVOKED, "")
    assert session.ask([read(0)])[0][0] == link.OK
    session.close()


def ask_later(session):
    """Asks in a thread of its own: (the thread, where what came stands)"""
    came = []

    def work():
        try:
            came.append(session.ask([read(0)])[0][0])
        except Refused as why:
            came.append(str(why))
    thread = threading.Thread(target=work)
    thread.start()
    return thread, came


def test_a_record_that_waits_for_its_turn_is_not_answered_once_its_grant_is_taken_back(start, owner, target):
    """With one request a second the next one waits for most of one; a slow machine gets more than one try to be in time."""
    agent = start("--requests", "1", targets=[target])
    said = []
    for _ in range(5):
        session = Session(Ring(agent.path), owner, target).handshake()
        assert session.ask([read(0)])[0][0] == link.OK
        thread, came = ask_later(session)
        time.sleep(0.2)
        assert revoke(agent, owner.revocation(session.encoded)) == (link.REVOKED, "")
        thread.join(20)
        said += came
        if said[-1] != link.OK:
            break
    assert "taken the grant back" in str(said[-1]), said
