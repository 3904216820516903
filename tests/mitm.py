#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A man in the middle between an enclave's host and bartizan-agent.

usage: mitm.py --listen SOCKET --agent SOCKET --do ACT [--at N] [--from client|source]

Speaks the frames of wire/agent.h on both sides, hands everything on, and does one
thing to the Nth message of one direction (1 is the handshake's, 2 the first record):

    flip      changes one bit in the middle
    replay    sends the message before it in its place
    swap      sends it to the other enclave that is connected, and that one's here
    drop      leaves it out
    truncate  leaves out its last byte
    reflect   sends the other side's last message back
    forge     sends random bytes of the same size behind the record's own head

It takes no ring (shared memory can't be mediated) and says what it did on stdout.
"""
import argparse
import os
import random
import socket
import struct
import sys
import threading

HEAD = struct.Struct("<IHHII")
MAGIC = 0x314c5a42
CONNECT, HELLO, REFUSED, MESSAGE = 1, 2, 3, 4
RECORD_HEAD_SIZE = 16   # link/message.h's LINK_HEAD_SIZE


def receive_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def receive_frame(connection):
    magic, kind, _, size, sequence = HEAD.unpack(receive_exactly(connection, HEAD.size))
    if magic != MAGIC or size > 1 << 20:
        raise EOFError
    return kind, sequence, receive_exactly(connection, size)


def send_frame(connection, kind, sequence, body):
    connection.sendall(HEAD.pack(MAGIC, kind, 0, len(body), sequence) + body)


class Swap:
    """Two connections' messages change places; the first waits for the second."""

    def __init__(self):
        self.condition = threading.Condition()
        self.waiting = []

    def exchange(self, body):
        with self.condition:
            if self.waiting:
                mine, other = [body], self.waiting.pop()
                body, other[1:] = other[0], mine
                self.condition.notify_all()
                return body
            entry = [body]
            self.waiting.append(entry)
            self.condition.wait_for(lambda: len(entry) > 1, timeout=60)
            return entry[1] if len(entry) > 1 else None


class Middle:
    def __init__(self, arguments, swap):
        self.arguments = arguments
        self.swap = swap
        self.counts = {"client": 0, "source": 0}
        self.last = {"client": b"", "source": b""}

    def tamper(self, side, body):
        """What is sent on instead; None: nothing."""
        arguments, other = self.arguments, "source" if side == "client" else "client"
        self.counts[side] += 1
        before, self.last[side] = self.last[side], body
        if side != arguments.side or self.counts[side] != arguments.at:
            return body
        print(f"mitm: {arguments.do} message {arguments.at} from the {side} ({len(body)} bytes)", flush=True)
        middle = len(body) // 2
        return {
            "flip": lambda: body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:],
            "replay": lambda: before,
            "swap": lambda: self.swap.exchange(body),
            "drop": lambda: None,
            "truncate": lambda: body[:-1],
            "reflect": lambda: self.last[other],
            # The head stays: it's the seal that has to find out.
            "forge": lambda: body[:RECORD_HEAD_SIZE] + random.randbytes(len(body) - RECORD_HEAD_SIZE),
        }[arguments.do]()

    def relay(self, client, agent):
        """One question, one answer, and so on: as the protocol is."""
        while True:
            kind, sequence, body = receive_frame(client)
            if kind == CONNECT:
                body = body[:4] + bytes(4)   # no ring
            elif kind == MESSAGE:
                body = self.tamper("client", body)
            if body is not None:
                send_frame(agent, kind, sequence, body)
                kind, sequence, body = receive_frame(agent)
                if kind == MESSAGE:
                    body = self.tamper("source", body)
            if body is None:
                continue   # nothing comes
            send_frame(client, kind, sequence, body)


def serve(client, arguments, swap):
    with client, socket.socket(socket.AF_UNIX) as agent:
        try:
            agent.connect(arguments.agent)
            Middle(arguments, swap).relay(client, agent)
        except (EOFError, OSError):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--agent", required=True)
    parser.add_argument("--do", required=True,
                        choices=["none", "flip", "replay", "swap", "drop", "truncate", "reflect", "forge"])
    parser.add_argument("--at", type=int, default=3)
    parser.add_argument("--from", dest="side", choices=["client", "source"], default="source")
    arguments = parser.parse_args()
    if arguments.do == "none":
        arguments.at = 0
    swap = Swap()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(arguments.listen)
        os.chmod(arguments.listen, 0o600)
        listener.listen(8)
        print("mitm: ready", flush=True)
        while True:
            client = listener.accept()[0]
            threading.Thread(target=serve, args=(client, arguments, swap), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
