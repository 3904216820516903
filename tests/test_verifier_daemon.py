# SPDX-License-Identifier: GPL-2.0-or-later
"""bartizan-verifier serve, as enclaves and people meet it: heartbeats, results, outputs, the page's JSON."""
import contextlib
import http.server
import json
import os
import random
import re
import resource
import socket
import sqlite3
import struct
import subprocess
import threading
import time

import pytest

from verifier_client import CHALLENGE, HEARD, KEPT, REFUSED, RESEND, RESULT, VERIFIER, WELCOME, Daemon, Enclave

FINDING = {"title": "A hidden process", "severity": "critical", "attack": ["T1014"], "pid": 666}


def running(directory, interval):
    made = Daemon(directory, ["qemu:web1", "qemu:web2"], interval, more=f"outputs:\n  - jsonl: {directory}/events.jsonl\n")
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.fixture
def daemon(tmp_path):
    """Too slow for anybody to become missing in a test, however busy the machine is."""
    yield from running(tmp_path, "60s")


@pytest.fixture
def quick(tmp_path):
    yield from running(tmp_path, "2s")


def events(daemon):
    path = daemon.directory / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def check_ocsf(lines):
    """What the class Detection Finding of OCSF 1.3 requires, and types (https://schema.ocsf.io/1.3.0/classes/detection_finding)."""
    for line in lines:
        assert (line["category_uid"], line["class_uid"]) == (2, 2004) and line["type_uid"] == 200400 + line["activity_id"]
        assert line["activity_id"] in (1, 2, 3) and line["severity_id"] in range(1, 6) and line["status_id"] in range(1, 7)
        assert line["time"] > 1.6e12 and line["metadata"]["version"] == "1.3.0" and line["metadata"]["product"]["vendor_name"]
        assert line["finding_info"]["uid"] and line["finding_info"]["title"]
        assert SEVERITIES[line["severity_id"] - 1] == line["severity"]
        assert all(resource["name"] for resource in line["resources"]) and isinstance(line["time"], int)
        check_attacks(line["finding_info"])
        assert set(line) <= {"category_uid", "class_uid", "activity_id", "type_uid", "time", "severity_id", "severity", "status_id", "message",
                             "metadata", "finding_info", "resources", "evidences", "unmapped"}


SEVERITIES = ["Informational", "Low", "Medium", "High", "Critical"]


def check_attacks(finding):
    """https://schema.ocsf.io/1.3.0/objects/attack: a sub-technique stands below its technique."""
    for attack in finding.get("attacks", []):
        assert re.fullmatch(r"T\d{4}", attack["technique"]["uid"]) and re.fullmatch(r"\d+\.\d+", attack["version"])
        assert set(attack) <= {"technique", "sub_technique", "version"}
        if "sub_technique" in attack:
            assert re.fullmatch(attack["technique"]["uid"] + r"\.\d{3}", attack["sub_technique"]["uid"])


def greeted(daemon, target="qemu:web1", **more):
    enclave = Enclave(daemon.socket, target, **more)
    kind, body = enclave.receive()
    assert kind == WELCOME, body
    enclave.welcome = struct.unpack("<IIQ", body)
    return enclave


def beat(enclave):
    enclave.heartbeat(enclave.until(CHALLENGE))
    assert struct.unpack("<Q", enclave.until(HEARD)) == (enclave.counter,)


def test_a_target_is_unknown_then_healthy_then_missing_then_back(quick):
    enclave = greeted(quick)
    assert enclave.welcome == (2000, 0, 0)
    beat(enclave)
    seen = quick.wait(lambda state: [t for t in state["targets"] if t["heard_count"] == 1])[0]
    assert seen["name"] == "qemu:web1"
    assert seen["scan"]["program"] == "netstat" and seen["scan"]["epoch"] == 7 and seen["scan"]["source"] == "11" * 32
    assert "anybody" in seen["evidence"] and quick.state()["unproven"]
    enclave.close()
    quick.wait(lambda state: all(t["state"] == "missing" for t in state["targets"]))
    again = greeted(quick)
    beat(again)
    quick.wait(lambda state: [a for a in state["alerts"] if a["target"] == "qemu:web1" and a["kind"] == "back"])
    state = quick.state()
    changes = [change["state"] for change in state["changes"] if change["name"] == "qemu:web1"]
    assert changes[0] == "unknown" and changes[1:4] in (["healthy", "missing", "healthy"], ["missing", "healthy", "missing"]), changes
    # A closed connection decides nothing: two intervals of silence do.
    for alert in state["alerts"]:
        if alert["kind"] == "missing":
            assert float(alert["text"].split()[3]) >= 4.0, alert
    quick.wait(lambda _: ["back"] in [line["finding_info"]["types"] for line in events(quick)])
    lines = [line for line in events(quick) if line["resources"][0]["name"] == "qemu:web1"]
    assert {line["class_uid"] for line in lines} == {2004} and len({line["metadata"]["uid"] for line in lines}) == len(lines)
    # OCSF: a finding is closed under the name under which it was created; a sub-technique stands beside its technique.
    lost, back = (next(line for line in lines if line["finding_info"]["types"] == [kind]) for kind in ("missing", "back"))
    assert lost["finding_info"]["uid"] == back["finding_info"]["uid"] and (lost["activity_id"], back["activity_id"]) == (1, 3)
    assert lost["finding_info"]["attacks"] == [{"technique": {"uid": "T1562"}, "sub_technique": {"uid": "T1562.001"}, "version": "14.1"}]
    check_ocsf(lines)
    again.close()


def test_after_a_restart_every_target_is_unknown_and_no_counter_goes_back(daemon):
    enclave = greeted(daemon)
    beat(enclave)
    daemon.stop(kill=True)
    daemon.start()
    assert daemon.states()["qemu:web1"] == "unknown"
    again = greeted(daemon, stream=enclave.stream)
    again.heartbeat(again.until(CHALLENGE), counter=1)
    kind, words = again.receive()
    assert kind == REFUSED and b"counter" in words
    with pytest.raises(EOFError):
        again.receive()
    assert [a["kind"] for a in daemon.state()["alerts"]] == ["rollback"]
    assert daemon.states()["qemu:web1"] == "unknown"


def test_a_heartbeat_counts_only_for_the_last_nonce_and_once(quick):
    enclave = greeted(quick)
    old = enclave.until(CHALLENGE)
    new = enclave.until(CHALLENGE)
    enclave.heartbeat(old)
    enclave.heartbeat(bytes(32))
    enclave.heartbeat(new)
    assert struct.unpack("<Q", enclave.until(HEARD)) == (3,)
    enclave.heartbeat(new)
    beat(enclave)
    answer, text = quick.get("/metrics")
    assert "bartizan_heartbeats_total 2\n" in text.decode() and "bartizan_heartbeats_late_total 3\n" in text.decode()
    assert answer.headers["Content-Type"].startswith("text/plain")
    enclave.close()


def test_results_are_kept_before_they_are_acknowledged_each_once(daemon):
    enclave = greeted(daemon)
    bodies = [enclave.result(json.dumps(FINDING).encode()), enclave.result(b"tcp 0 0\n" * 10, kind=1, program=b"netstat")]
    for body in bodies:
        enclave.send(RESULT, body)
        assert enclave.until(KEPT) == body[:8]
    daemon.stop(kill=True)
    daemon.start()
    again = greeted(daemon, stream=enclave.stream)
    assert again.welcome[2] == 2
    again.send(RESULT, bodies[1])
    assert again.until(KEPT) == bodies[1][:8]
    shown = daemon.wait(lambda state: len(state["findings"]) == 2 and state["findings"])
    assert shown[0]["title"] == FINDING["title"] and shown[0]["details"]["pid"] == 666 and shown[0]["attacks"] == ["T1014"]
    assert shown[1]["kind"] == "output" and shown[1]["text"].startswith("tcp 0 0") and shown[1]["program"] == "netstat"
    [line] = daemon.wait(lambda _: [line for line in events(daemon) if "hidden" in line["message"]])
    assert line["severity_id"] == 5 and line["finding_info"]["attacks"][0]["technique"]["uid"] == "T1014"
    assert line["evidences"][0]["data"] == FINDING and line["metadata"]["uid"].startswith("finding-" + enclave.stream[:8].hex())


def test_a_gap_and_a_fork_in_the_chain_are_alerts(daemon):
    enclave = greeted(daemon)
    first, second = enclave.result(b"{}"), enclave.result(b"{}")
    enclave.send(RESULT, second)
    assert struct.unpack("<Q", enclave.until(RESEND)) == (0,)
    enclave.send(RESULT, first)
    enclave.until(KEPT)
    enclave.send(RESULT, second[:-2] + b"[]")
    assert enclave.until(KEPT) == second[:8]
    enclave.send(RESULT, second)
    words = enclave.until(REFUSED)
    assert b"chain" in words
    assert [a["kind"] for a in daemon.state()["alerts"]] == ["gap", "fork"]


@pytest.mark.parametrize("what, words", [
    ("another target", b"isn't enrolled"), ("two hellos", b"once"), ("version 2", b"version 1"), ("a heartbeat first", b"hello comes first"),
    ("an unknown type", b"type 99"), ("a short heartbeat", b"208 bytes"), ("result 0", b"can't be"), ("a name with an escape", b"printable")])
def test_what_cannot_be_is_refused_in_words(daemon, what, words):
    enclave = Enclave(daemon.socket, "qemu:web1", greet=False)
    hello = struct.pack("<II32s128s", 1, 0, bytes(32), b"qemu:web1")
    before = {"another target": [(32, hello.replace(b"web1", b"web9"))], "two hellos": [(32, hello), (32, hello)],
              "version 2": [(32, b"\x02" + hello[1:])], "a heartbeat first": [(35, b"")],
              "an unknown type": [(32, hello), (99, b"")], "a short heartbeat": [(32, hello), (36, bytes(207))],
              "result 0": [(32, hello), (38, bytes(200))], "a name with an escape": [(32, hello.replace(b"web1", b"\x1b[1m"))]}
    for kind, body in before[what]:
        enclave.send(kind, body)
    assert words in refusal(enclave)


def refusal(enclave):
    while True:
        kind, body = enclave.receive()
        if kind == REFUSED:
            return body


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\n\r\n", struct.pack("<IHHII", 0x314C5A42, 32, 0, 169, 0),
                                  struct.pack("<IHHII", 0x314C5A42, 32, 0, 2**32 - 1, 0), struct.pack("<IHHII", 0x314C5A42, 32, 1, 168, 0)])
def test_what_is_no_frame_or_too_long_ends_the_connection(daemon, head):
    enclave = Enclave(daemon.socket, "qemu:web1", greet=False)
    enclave.socket.sendall(head)
    with pytest.raises((EOFError, ConnectionResetError)):
        enclave.receive()
    beat(greeted(daemon))


def test_more_connections_than_are_allowed_cost_the_silent_ones_theirs(tmp_path):
    daemon = Daemon(tmp_path, ["qemu:web1"], interval="60s", more="connections: 50\n")
    try:
        enclave = greeted(daemon)
        idle = [Enclave(daemon.socket, "x", greet=False) for _ in range(300)]
        beat(enclave)
        figures = daemon.get("/metrics")[1].decode()
        assert "bartizan_connections 50\n" in figures or "bartizan_connections 51\n" in figures, figures
        for one in idle:
            one.close()
    finally:
        daemon.stop()


def test_ten_thousand_connections_that_say_nothing_leave_room_for_who_speaks(daemon):
    """As many as this process may open: each has two ends, and the limit of files is for each process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10000, (hard if hard != resource.RLIM_INFINITY else 10000) - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 400, hard))
    try:
        enclave = greeted(daemon)
        idle = [Enclave(daemon.socket, "x", greet=False) for _ in range(count)]
        beat(enclave)
        late = greeted(daemon, target="qemu:web2")
        late.send(RESULT, late.result(b"{}"))
        late.until(KEPT)
        for one in idle:
            one.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as status:
        peak_kib = int(next(line for line in status if line.startswith("VmHWM")).split()[1])
    assert peak_kib < 300 << 10, peak_kib
    assert daemon.state()["alerts"] == []


def test_who_sends_a_byte_at_a_time_is_served_and_who_doesnt_read_is_not_waited_for(daemon):
    slow = Enclave(daemon.socket, "qemu:web1", greet=False)
    hello = struct.pack("<IHHII", 0x314C5A42, 32, 0, 168, 0) + struct.pack("<II32s128s", 1, 0, slow.stream, b"qemu:web1")
    for i in range(len(hello)):
        slow.socket.sendall(hello[i:i + 1])
    assert slow.receive()[0] == WELCOME
    deaf = greeted(daemon, target="qemu:web2")
    body = deaf.result(b"{}")
    frame = struct.pack("<IHHII", 0x314C5A42, 38, 0, len(body), 0) + body
    deaf.socket.settimeout(5)
    # Each is answered by 24 bytes that nobody takes: the verifier doesn't keep them without a bound.
    with pytest.raises((BrokenPipeError, ConnectionResetError, TimeoutError)):
        for _ in range(40000):
            deaf.socket.sendall(frame)
    beat(slow)


def test_streams_of_broken_frames_end_their_connections_alone(daemon):
    enclave, chooser = greeted(daemon), random.Random(6)
    hello = struct.pack("<IHHII", 0x314C5A42, 32, 0, 168, 0) + struct.pack("<II32s128s", 1, 0, bytes(32), b"qemu:web2")
    for _ in range(1500):
        data = bytearray(hello)
        for kind in chooser.choices((32, 36, 38, 41, 0, 65535), k=3):
            body = chooser.randbytes(chooser.choice((0, 8, 168, 208, 120, 500)))
            data += struct.pack("<IHHII", 0x314C5A42, kind, 0, len(body), 0) + body
        for _ in range(chooser.randrange(4)):
            data[chooser.randrange(len(data))] ^= 1 << chooser.randrange(8)
        broken = Enclave(daemon.socket, "x", greet=False)
        try:
            broken.socket.sendall(data[:chooser.randrange(len(data) + 1)])
        except OSError: # it was hung up on already
            pass
        broken.close()
    beat(enclave)
    assert daemon.process.poll() is None and daemon.states()["qemu:web1"] == "healthy"


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(daemon):
    """The limit of file sizes stands for the disk's end: both refuse a write."""
    enclave = greeted(daemon)
    enclave.send(RESULT, enclave.result(b"{}"))
    enclave.until(KEPT)
    subprocess.run(["prlimit", f"--pid={daemon.process.pid}", "--fsize=300000:unlimited"], check=True)
    large = enclave.result(b"x" * 900000, kind=1)
    enclave.send(RESULT, large)
    assert b"can't keep" in refusal(enclave)
    assert daemon.wait(lambda state: state["store_failing"])
    subprocess.run(["prlimit", f"--pid={daemon.process.pid}", "--fsize=unlimited:unlimited"], check=True)
    enclave.send(RESULT, large)
    assert enclave.until(KEPT) == large[:8]
    assert daemon.wait(lambda state: not state["store_failing"])


def test_a_targets_quota_is_refused_by_name_until_outputs_have_had_what_is_trimmed(tmp_path):
    """An output that can't be written: nothing may go, so nothing more is taken. Then there is one, and the oldest go."""
    daemon = Daemon(tmp_path, ["qemu:web1", "qemu:web2"], "60s", more=f"keep: {{size: 16MiB, quota: 20MiB}}\noutputs:\n  - jsonl: {tmp_path}/later/events.jsonl\n")
    try:
        enclave, refused, kept = greeted(daemon), None, 0
        # An event, which all that comes behind it waits for.
        enclave.send(RESULT, enclave.result(json.dumps(FINDING).encode()))
        enclave.until(KEPT)
        while refused is None:
            body = enclave.result(os.urandom(900000), kind=1)
            enclave.send(RESULT, body)
            kind, words = next(frame for frame in iter(enclave.receive, None) if frame[0] in (KEPT, REFUSED))
            refused, kept = words if kind == REFUSED else None, kept + (kind == KEPT)
        assert b"used up its quota" in refused and kept == (20 << 20) // (900000 + 80 + 256), (refused, kept)
        assert daemon.wait(lambda state: [alert["kind"] for alert in state["alerts"]] == ["full"])
        other = greeted(daemon, "qemu:web2")
        beat(other)
        other.send(RESULT, other.result(b"{}"))
        other.until(KEPT)
        figures = daemon.get("/metrics")[1].decode()
        assert "bartizan_targets_full 1\n" in figures and "bartizan_results_over_quota_total 1\n" in figures and "bartizan_results_trimmed_total 0\n" in figures
        (tmp_path / "later").mkdir()
        # The output's pause has doubled with each attempt, up to two minutes where all before took long.
        assert daemon.wait(lambda _: "bartizan_results_trimmed_total 0\n" not in daemon.get("/metrics")[1].decode(), seconds=150)
        enclave.send(RESULT, body)
        assert enclave.until(KEPT) == body[:8]
        assert daemon.wait(lambda state: sorted(alert["kind"] for alert in state["alerts"]) == ["full", "room"])
        assert "bartizan_targets_full 0\n" in daemon.get("/metrics")[1].decode()
        wanted = ["full-qemu:web1"] * 2
        deadline = time.monotonic() + 150
        while [uid for uid in uids(tmp_path / "later/events.jsonl") if uid in wanted] != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        daemon.stop()


OLD_RESULTS = """
INSERT INTO finding (stream, number, previous, hash, at, content)
  WITH RECURSIVE n(number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM n WHERE number < 9600)
  SELECT stream, n.number, previous, hash, 1, content FROM finding, n WHERE finding.number = 1;
UPDATE finding SET at = 1;
DELETE FROM kept;
INSERT INTO kept (target, finding, size, at) SELECT stream.target, finding.id, 300, 1 FROM finding JOIN stream ON stream.id = finding.stream;
UPDATE target SET kept_size = (SELECT coalesce(sum(size), 0) FROM kept WHERE kept.target = target.id);
"""


def test_what_is_due_goes_faster_than_a_crowd_brings_it(tmp_path):
    """A tick trims for its share of the time, not one call's 64 results: those would be 320 a second for all targets."""
    daemon = Daemon(tmp_path, ["qemu:web1", "qemu:web2"], "60s")
    try:
        enclave = greeted(daemon)
        enclave.send(RESULT, enclave.result(b"{}"))
        enclave.until(KEPT)
        daemon.stop()
        with contextlib.closing(sqlite3.connect(tmp_path / "store")) as store:
            store.executescript(OLD_RESULTS)
        daemon.start()
        started = time.monotonic()
        daemon.wait(lambda _: "bartizan_results_trimmed_total 9600\n" in daemon.get("/metrics")[1].decode(), seconds=60)
        assert time.monotonic() - started < 15
    finally:
        daemon.stop()


def uids(path):
    return [json.loads(line)["finding_info"]["uid"] for line in path.read_text().splitlines()]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 3 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", place], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system needs the right to mount one: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_file_system_without_room_loses_nothing_that_was_acknowledged(small_disk, tmp_path):
    daemon = Daemon(tmp_path, ["qemu:web1"], "60s")
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace(f"store: {tmp_path}/store", f"store: {small_disk}/store"))
    daemon.start()
    try:
        enclave = greeted(daemon)
        beat(enclave)
        kept, refused = [], None
        while refused is None:
            body = enclave.result(os.urandom(200000), kind=1)
            enclave.send(RESULT, body)
            kind, words = next(frame for frame in iter(enclave.receive, None) if frame[0] in (KEPT, REFUSED))
            refused = words if kind == REFUSED else None
            kept += [body] if kind == KEPT else []
        assert b"can't keep anything now" in refused and len(kept) > 1
        assert daemon.wait(lambda state: state["store_failing"])
        assert "bartizan_store_failing 1\n" in daemon.get("/metrics")[1].decode()
        daemon.stop(kill=True)
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        daemon.start()
        again = greeted(daemon, stream=enclave.stream)
        assert again.welcome[2] == len(kept)
        again.counter = enclave.counter
        beat(again)
        again.send(RESULT, body)
        assert again.until(KEPT) == body[:8]
        assert daemon.states() == {"qemu:web1": "healthy"} and daemon.state()["alerts"] == []
    finally:
        daemon.stop()


def test_who_falls_silent_while_nothing_can_be_kept_is_not_called_healthy(small_disk, tmp_path):
    daemon = Daemon(tmp_path, ["qemu:web1"], "1s")
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace(f"store: {tmp_path}/store", f"store: {small_disk}/store"))
    daemon.start()
    try:
        enclave = greeted(daemon)
        beat(enclave)
        assert daemon.wait(lambda state: state["targets"][0]["state"] == "healthy")
        while not daemon.state()["store_failing"]:
            with open(f"{small_disk}/else", "ab") as file:   # somebody else fills the disk, to the last byte
                with contextlib.suppress(OSError):
                    file.write(bytes(1 << 20))
            enclave.send(RESULT, enclave.result(os.urandom(100000), kind=1))
        enclave.socket.close()
        assert daemon.wait(lambda state: state["targets"][0]["state"] == "missing")
        assert 'bartizan_targets{state="healthy"} 0\n' in daemon.get("/metrics")[1].decode()
    finally:
        daemon.stop()


def until_hung_up(enclave, seconds):
    """How long that took."""
    start = time.monotonic()
    enclave.socket.settimeout(seconds)
    try:
        while True:
            enclave.receive()
    except (EOFError, ConnectionResetError):
        return time.monotonic() - start


def test_who_is_silent_for_three_intervals_is_hung_up_on(tmp_path):
    daemon = Daemon(tmp_path, ["qemu:web1"], "500ms")
    try:
        assert until_hung_up(greeted(daemon), 60) >= 1.4
        assert "bartizan_connections 0\n" in daemon.get("/metrics")[1].decode()
    finally:
        daemon.stop()


@pytest.mark.skipif(os.environ.get("BARTIZAN_TEST_FULL") != "1", reason="it waits for 75 s: BARTIZAN_TEST_FULL=1 runs it")
def test_who_doesnt_say_hello_in_time_is_hung_up_on(daemon):
    """With nothing, and with all but the last byte."""
    silent, slow = (Enclave(daemon.socket, "qemu:web1", greet=False) for _ in range(2))
    slow.socket.sendall(struct.pack("<IHHII", 0x314C5A42, 32, 0, 168, 0) + bytes(167))
    assert 70 <= until_hung_up(silent, 150) <= 140
    until_hung_up(slow, 20)


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.attempts += 1
        good = self.server.attempts > 1
        if good:
            self.server.got.append(json.loads(body))
        self.send_response(200 if good else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


PRINTABLE = "[!-~]"
SD_NAME = r'[!#-<>-\\^-~]{1,32}'   # no `=`, `]`, `"` or space
# RFC 5424, section 6: HEADER SP STRUCTURED-DATA SP MSG.
SYSLOG = re.compile(rf"<(\d{{1,3}})>[1-9]\d{{0,2}} (\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:\d\d)) {PRINTABLE}{{1,255}} "
                    rf"{PRINTABLE}{{1,48}} {PRINTABLE}{{1,128}} {PRINTABLE}{{1,32}} "
                    rf'((?:\[{SD_NAME}(?: {SD_NAME}="(?:[^"\\\]]|\\.)*")*\])+) ([^\x00-\x1f\x7f]*)', re.S)


def check_rfc5424(line):
    found = SYSLOG.fullmatch(line)
    assert found and int(found[1]) // 8 == 10 and int(found[1]) % 8 in range(2, 6), line


def check_falco(event):
    """What falcosidekick refuses a payload for (types.FalcoPayload.Check()), and what Go's decoder does."""
    assert event["rule"] and event["output_fields"] and event["priority"] in ("Informational", "Notice", "Warning", "Error", "Critical")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", event["time"])
    assert all(isinstance(tag, str) for tag in event["tags"]) and all(isinstance(event[key], str) for key in ("uuid", "output", "source", "hostname"))


def test_what_would_end_a_line_or_a_field_of_syslog_is_only_text_in_it(tmp_path):
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(tmp_path / "log"))
    log.settimeout(30)
    daemon = Daemon(tmp_path, ['qemu:"]\\ =web'], interval="30s", more=f"outputs:\n  - syslog: unix:{tmp_path}/log\n")
    try:
        enclave = greeted(daemon, 'qemu:"]\\ =web')
        enclave.send(RESULT, enclave.result(json.dumps({"title": "a\nb] \"c\" <1>1 \x7f", "text": "\r\n[x y=\"z\"]"}).encode()))
        enclave.until(KEPT)
        line = log.recv(4096).decode()
    finally:
        daemon.stop()
    check_rfc5424(line)
    assert 'target="qemu:\\"\\]\\\\ =web"' in line


def test_prometheus_own_parser_reads_the_figures(daemon):
    families = pytest.importorskip("prometheus_client.parser", reason="python3-prometheus-client isn't installed").text_string_to_metric_families
    enclave = greeted(daemon)
    beat(enclave)
    found = {family.name: family for family in families(daemon.get("/metrics")[1].decode())}
    assert {family.type for family in found.values()} == {"counter", "gauge", "histogram"} and all(family.documentation for family in found.values())
    assert {sample.labels["state"]: sample.value for sample in found["bartizan_targets"].samples} == {"unknown": 1, "healthy": 1, "idle": 0, "missing": 0}
    assert found["bartizan_heartbeats"].type == "counter" and found["bartizan_heartbeats"].samples[0].value == 1
    handling = found["bartizan_handling_seconds"].samples
    buckets = [(float(sample.labels["le"]), sample.value) for sample in handling if sample.name.endswith("_bucket")]
    assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1][1] == next(sample.value for sample in handling if sample.name.endswith("_count")) == 1
    enclave.close()


def test_syslog_and_a_webhook_that_first_fails_get_each_event(tmp_path):
    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.attempts = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(tmp_path / "log"))
    log.settimeout(30)
    daemon = Daemon(tmp_path, ["qemu:web1"], interval="30s",
                    more=f"outputs:\n  - syslog: unix:{tmp_path}/log\n  - webhook: http://127.0.0.1:{server.server_port}/\n")
    try:
        enclave = greeted(daemon)
        for content in (json.dumps(FINDING).encode(), b"[" * 5000, "{\"title\": \"é".encode() + b"\xc3\xa9" * 200 + b"\"}"):
            enclave.send(RESULT, enclave.result(content))
            enclave.until(KEPT)
        lines = [log.recv(4096).decode() for _ in range(3)]
        daemon.wait(lambda _: len(server.got) >= 3)
    finally:
        daemon.stop()
        server.shutdown()
    assert lines[0].startswith("<82>1 20") and ' finding [bartizan@32473 target="qemu:web1" ' in lines[0]
    assert 'attack="T1014"] qemu:web1: A hidden process' in lines[0]
    assert "can't be read" in lines[1]
    for line in lines:
        check_rfc5424(line)
    for event in server.got:
        check_falco(event)
    assert [event["rule"] for event in server.got][:2] == ["A hidden process", "A finding that can't be read"]
    assert server.got[0]["priority"] == "Critical" and "T1014" in server.got[0]["tags"] and server.got[0]["hostname"] == "qemu:web1"
    assert len({event["uuid"] for event in server.got}) == 3 == len(server.got)


def processor_ticks(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:13])


def test_the_state_of_ten_thousand_targets_is_not_made_for_each_who_asks(tmp_path):
    daemon = Daemon(tmp_path, [f"qemu:t{i}" for i in range(10000)], "60s")
    try:
        before = processor_ticks(daemon.process)
        state = daemon.state()
        assert len(state["targets"]) == 10000 and len(state["changes"]) == 10000 and state["targets"][0]["state"] == "unknown"
        once = max(processor_ticks(daemon.process) - before, 3)
        before = processor_ticks(daemon.process)
        for _ in range(30):
            assert daemon.get("/api/state")[0].status == 200
        assert processor_ticks(daemon.process) - before < 15 * once
        # And yet it isn't one of yesterday.
        enclave = greeted(daemon, target="qemu:t77")
        beat(enclave)
        assert daemon.wait(lambda state: [target["name"] for target in state["targets"] if target["state"] == "healthy"]) == ["qemu:t77"]
        enclave.close()
    finally:
        daemon.stop()


def test_the_page_is_for_reading_and_takes_nothing_from_elsewhere(daemon):
    answer, body = daemon.get("/")
    assert answer.status == 200 and b"<title>Bartizan" in body and b"//" not in body.replace(b"<!--", b"").replace(b"-->", b"")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for method in ("POST", "PUT", "DELETE"):
        assert daemon.get("/api/state", method)[0].status == 405
    assert daemon.get("/../etc/passwd")[0].status == 404
    assert os.stat(daemon.page).st_mode & 0o777 == 0o600


def test_a_port_wants_a_login(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run([VERIFIER, "login", "--user", "me", "--out", tmp_path / "login"], input="correct horse\n", text=True, check=True)
    daemon = Daemon(tmp_path, ["qemu:web1"], "60s", login=(tmp_path / "login", port))
    try:
        def ask(*credentials):
            return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *credentials, f"http://127.0.0.1:{port}/api/state"],
                                  capture_output=True, text=True, check=False, timeout=30).stdout
        assert ask() == "401"
        # Who doesn't know the name holds up nobody.
        assert [ask("-u", "you:correct horse") for _ in range(3)] == ["401"] * 3
        assert ask("-u", "me:correct horse") == "200"
        assert ask("-u", "me:wrong") == "401"
        assert ask("-u", "me:wronger") in ("429", "401")
        assert ask("-u", "you:correct horse") == "401"
        assert ask("-u", "me:correct horse") == "200"
        # Nor does who knows it hold up a browser that was here before, not even after a restart; by its cookie alone nobody gets in.
        jar = tmp_path / "jar"
        subprocess.run(["curl", "-s", "-o", "/dev/null", "-c", jar, "-u", "me:correct horse", f"http://127.0.0.1:{port}/"], check=True, timeout=30)
        assert "bartizan-verifier-device" in jar.read_text()
        for _ in range(10):
            daemon.stop()
            daemon.start()
            # On a machine that is busy for a second he may be in time.
            if (ask("-u", "me:wrong"), ask("-u", "me:correct horse")) == ("401", "429"):
                break
        assert [ask("-b", jar), ask("-b", jar, "-u", "you:correct horse"), ask("-b", jar, "-u", "me:correct horse")] == ["401", "401", "200"]
    finally:
        daemon.stop()


def test_a_backup_takes_the_stores_place(daemon):
    enclave = greeted(daemon)
    beat(enclave)
    enclave.send(RESULT, enclave.result(b"{}"))
    enclave.until(KEPT)
    store, copy = daemon.directory / "store", daemon.directory / "copy"
    command = [VERIFIER, "backup", "--store", store, "--out", copy]
    busy = subprocess.run(command, capture_output=True, text=True, check=False)
    assert busy.returncode == 1 and "in use" in busy.stderr
    assert daemon.stop() == 0
    subprocess.run(command, check=True)
    for file in daemon.directory.glob("store*"):
        file.unlink()
    copy.rename(store)
    daemon.start()
    again = greeted(daemon, stream=enclave.stream)
    assert again.welcome[2] == 1
    again.counter = enclave.counter
    beat(again)


@pytest.mark.parametrize("change, words", [
    (("interval: 1s", "interval: 1x"), "line 2 of the configuration: a time"), (("store: ", "sotre: "), "line 1 of the configuration: no key is called `sotre`"),
    (("name: qemu:web2", "name: qemu:web1"), "line 5 of the configuration: the target qemu:web1 is in line 4"),
    (("  - name: qemu:web2", "  - interval: 2s"), "line 5 of the configuration: a target with a `name`"),
    (("unix:", "0.0.0.0:"), "line 7 of the configuration: unix:/PATH or 127.0.0.1:PORT"), (("- jsonl: ", "- webhook: "), "line 9 of the configuration: a URL"),
    (("targets:", "targets: ["), "isn't YAML"), (("interval: 1s", "interval: " + "[" * 3000), "isn't YAML"),
    (("interval: 1s", "interval: " + "{a: " * 900 + "}" * 900), "line 2 of the configuration: a time"),
    (("interval: 1s", "keep: {age: 12h}"), "line 2 of the configuration: days, such as 90d"),
    (("interval: 1s", "keep: {size: 8MiB}"), "line 2 of the configuration: a size from 16MiB"),
    (("interval: 1s", "keep: {size: 0, quota: 1GB}"), "line 2 of the configuration: a size from 16MiB"),
    (("interval: 1s", "keep: {size: 2GiB}"), "a `quota` of `keep` that isn't below its `size`"),
    (("name: qemu:web2", "name: qemu:web2\n    keep: {quota: 16MiB}"), "line 5 of the configuration: the target qemu:web2 has a `quota` of `keep`"),
    (("interval: 1s", "a: &a [x]\nb: &b [*a, *a]"), "no key is called `a`"),
    (("interval: 1s", "# " + "x" * (17 << 20)), "the configuration")], ids=lambda value: str(value)[:30])
def test_a_wrong_configuration_is_told_with_its_line(tmp_path, change, words):
    good = (f"store: {tmp_path}/store\ninterval: 1s\ntargets:\n  - name: qemu:web1\n  - name: qemu:web2\npage:\n  listen: unix:{tmp_path}/page\n"
            f"outputs:\n  - jsonl: {tmp_path}/events\n")
    path = tmp_path / "verifier.yaml"

    def check(text):
        path.write_text(text)
        return subprocess.run([VERIFIER, "serve", "--config", path, "--config-check"], capture_output=True, text=True, check=False, timeout=30)
    fine, wrong = check(good), check(good.replace(*change))
    assert fine.returncode == 0 and "2 targets" in fine.stdout, fine.stderr
    assert wrong.returncode == 1 and words in wrong.stderr, wrong.stderr
    assert not (tmp_path / "store").exists()
