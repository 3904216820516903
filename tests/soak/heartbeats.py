#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many simulated enclaves, one heartbeat per interval each, against one verifier on one core.

usage: tests/soak/heartbeats.py [--enclaves N] [--seconds S] [--interval S]
Prints a JSON line: how many were called missing though they answered (none may be), and of the time until a heartbeat is on the
disk and answered the 99th percentile, from three beginnings: `arrived_p99_ms` from its arrival in the verifier's socket (of 50
enclaves, for which a process of their own speaks, so that it has time to look at its clock: in a Unix socket a message has arrived
when send() returns); `p99_ms` the same of all others, with the waiting of the one process that speaks for them;
`taken_p99_ms_max` of all from where the verifier has read it (an upper bound, by its histogram), without its waiting in the socket. Then
the verifier's memory, and its processor time, in all and for each heartbeat. They come without evidence
(--insecure-accept-anyone): TLS and quotes, once for each connection, aren't in these figures. Exit 0 only if nobody was
called missing and the first of the three, and the last, are 250 ms at most.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import resource
import selectors
import socket
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from verifier_client import CHALLENGE, HEARD, HEARTBEAT, HELLO, MAGIC, REFUSED, Daemon  # noqa: E402

P99_MS_MAX = 250
PROBE_COUNT = 50
HEAD = struct.Struct("<IHHII")
BEAT = struct.Struct("<32sQQQQQII32s32s64s")


class Enclave:
    """A connection that is served by one loop for all of them."""

    def __init__(self, path, name):
        self.socket, self.data, self.counter, self.sent_at = socket.socket(socket.AF_UNIX), b"", 0, 0.0
        self.socket.connect(path)
        self.send(HELLO, struct.pack("<II32s128s", 1, 0, os.urandom(32), name.encode()))
        self.socket.setblocking(False)

    def send(self, kind, body):
        self.socket.sendall(HEAD.pack(MAGIC, kind, 0, len(body), 0) + body)

    def take(self, times):
        self.data += self.socket.recv(65536)
        while len(self.data) >= HEAD.size:
            _, kind, _, size, _ = HEAD.unpack_from(self.data)
            if len(self.data) < HEAD.size + size:
                break
            body, self.data = self.data[HEAD.size:HEAD.size + size], self.data[HEAD.size + size:]
            if kind == CHALLENGE:
                self.counter += 1
                self.sent_at = time.monotonic()
                self.send(HEARTBEAT, BEAT.pack(body, self.counter, self.counter, int(time.time()), 1, 0, 0, 0, bytes(32), bytes(32), b"ps"))
            elif kind == HEARD:
                times.append(time.monotonic() - self.sent_at)
            elif kind == REFUSED:
                raise RuntimeError(body.decode())


def memory_mib(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith(key)).split()[1]) / 1024


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def taken_p99_ms(daemon):
    """The bucket of /metrics in which the 99th of 100 lies: its upper bound."""
    buckets = re.findall(r'bartizan_handling_seconds_bucket\{le="([^"]+)"\} (\d+)', daemon.get("/metrics")[1].decode())
    total = int(buckets[-1][1])
    return next(float(bound) * 1000 for bound, count in buckets if int(count) >= 0.99 * total)


def serve(path, options, numbers):
    """Speak for the enclaves of these numbers; gives the seconds that each of their heartbeats took, sorted."""
    selector, times = selectors.DefaultSelector(), []
    start = time.monotonic()
    for i, number in enumerate(numbers):
        enclave = Enclave(path, f"sim:{number}")
        selector.register(enclave.socket, selectors.EVENT_READ, enclave)
        # Spread over an interval, as enclaves that were started one by one are.
        while time.monotonic() < start + i * options.interval / len(numbers):
            for key, _ in selector.select(0):
                key.data.take(times)
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.5):
            key.data.take(times)
    return sorted(times)


def serve_all(path, options):
    """For those that have a process of their own, and for the others."""
    probes = range(min(PROBE_COUNT, options.enclaves // 2))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        probing = pool.apply_async(serve, (path, options, probes))
        times = serve(path, options, range(len(probes), options.enclaves))
        return probing.get(timeout=options.seconds), times


def p99_ms(times):
    return round(times[int(len(times) * 0.99)] * 1000, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--enclaves", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--interval", type=int, default=5)
    options = parser.parse_args()
    files = options.enclaves + 200
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < files:
        sys.exit(f"heartbeats: {options.enclaves} connections need {files} open files, and the limit is {hard}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(pathlib.Path(directory), [f"sim:{i}" for i in range(options.enclaves)], f"{options.interval}s")
        os.sched_setaffinity(daemon.process.pid, {sorted(os.sched_getaffinity(0))[-1]})
        try:
            probed, times = serve_all(daemon.socket, options)
            state = daemon.state()
            arrived, taken = p99_ms(probed), taken_p99_ms(daemon)
            memory, seconds = memory_mib(daemon.process.pid, "VmHWM"), processor_seconds(daemon.process.pid)
        finally:
            daemon.stop()
    missing = [alert["target"] for alert in state["alerts"]]
    count = len(times) + len(probed)
    print(json.dumps({"enclaves": options.enclaves, "seconds": options.seconds, "interval_s": options.interval, "heartbeats": count,
                      "falsely_missing": len(missing), "arrived_count": len(probed), "arrived_p99_ms": arrived, "arrived_slowest_ms": round(probed[-1] * 1000, 1),
                      "taken_p99_ms_max": taken, "p50_ms": round(times[len(times) // 2] * 1000, 1), "p99_ms": p99_ms(times),
                      "slowest_ms": round(times[-1] * 1000, 1), "memory_mib": round(memory, 1),
                      "processor_s": round(seconds, 1), "processor_us_each": round(seconds * 1e6 / max(count, 1), 1)}))
    enough = count >= options.enclaves * (options.seconds // options.interval - 1)
    if not enough:
        print(f"heartbeats: only {count} were heard", file=sys.stderr)
    return 0 if not missing and max(arrived, taken) <= P99_MS_MAX and enough else 1


if __name__ == "__main__":
    sys.exit(main())
