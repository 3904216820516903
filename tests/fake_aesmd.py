# SPDX-License-Identifier: GPL-2.0-or-later
"""An AESM service of the tests' own, written after Intel's messages.proto (linux-sgx, psw/ae/common/proto) and the encoding of protocol
buffers, not after host/aesm. Its quoting enclave is the backend sim's quoting part (tests/sim-quote.c), so it takes only that backend's reports,
and the model's of SGX (test_sgx_images.py), under the root that its environment has."""
import os
import socket
import struct
import subprocess
import threading

from conftest import ROOT

SIM_QUOTE = os.path.join(ROOT, "build/tests/sim-quote")
INIT_QUOTE, QUOTE_SIZE, GET_QUOTE, COUNT_KEYS, LIST_KEYS = 15, 16, 17, 21, 22
# sgx_att_key_id_ext_t (linux-sgx, common/inc/sgx_quote.h): id, version, size of MRSIGNER, MRSIGNER, product, extended product, config ID, family ID,
# algorithm; then SPID and others.
EPID_KEY = struct.pack("<HHH48sI16s64s16sI98x", 0, 0, 32, b"\x11" * 32, 1, b"", b"", b"", 1)
ECDSA_KEY = struct.pack("<HHH48sI16s64s16sI98x", 0, 0, 32, b"\x22" * 32, 1, b"", b"", b"", 2)
ANNOUNCED = 8192  # as large as a quote may become


def varint(value):
    done = b""
    while value > 127:
        done, value = done + bytes([value & 127 | 128]), value >> 7
    return done + bytes([value])


def message(**fields):
    """f1=0, f2=b"…": by the fields' numbers."""
    done = b""
    for name, value in fields.items():
        number = int(name[1:])
        done += varint(number << 3) + varint(value) if isinstance(value, int) else varint(number << 3 | 2) + varint(len(value)) + value
    return done


def parse(data):
    def number():
        nonlocal data
        value, shift = 0, 0
        while True:
            byte, data = data[0], data[1:]
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value
    fields = {}
    while data:
        tag = number()
        assert tag & 7 in (0, 2), tag
        value = number()
        if tag & 7 == 2:
            assert len(data) >= value
            value, data = data[:value], data[value:]
        fields[tag >> 3] = value
    return fields


class FakeAesmd(threading.Thread):
    """`change`: {number of a question: function of the honest answer's fields}; by its own word it then gives that one."""

    def __init__(self, place, environment):
        super().__init__(daemon=True)
        self.environment, self.asked, self.change = environment, [], {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(place))
        self.listener.listen(8)
        self.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join(30)
        self.listener.close()

    def quoting(self, *arguments, data=b""):
        return subprocess.run([SIM_QUOTE, *arguments], input=data, stdout=subprocess.PIPE, check=True, env=self.environment).stdout

    def answer(self, question, fields):
        if question == COUNT_KEYS:
            return {"f1": 0, "f2": 2}
        if question == LIST_KEYS:
            assert fields[1] == 2 * 256
            return {"f1": 0, "f2": EPID_KEY + ECDSA_KEY}
        assert fields[2 if question == GET_QUOTE else 1] == ECDSA_KEY
        if question == INIT_QUOTE and fields[3] == 0:
            return {"f1": 0, "f3": 32}
        if question == INIT_QUOTE:
            assert fields[4] == 32
            return {"f1": 0, "f2": self.quoting("target"), "f3": 32, "f4": bytes(32)}
        if question == QUOTE_SIZE:
            return {"f1": 0, "f2": ANNOUNCED}
        assert question == GET_QUOTE and len(fields[1]) == 432 and fields[4] == ANNOUNCED
        # As many bytes as were asked for, whatever the quote needs.
        return {"f1": 0, "f2": self.quoting("quote", data=fields[1]).ljust(ANNOUNCED, b"\0")}

    def serve(self, connection):
        size, = struct.unpack("<I", connection.recv(4, socket.MSG_WAITALL))
        [(question, fields)] = parse(connection.recv(size, socket.MSG_WAITALL)).items()
        fields = parse(fields)
        self.asked.append(question)
        answer = self.answer(question, fields)
        answer = self.change.get(question, lambda honest: honest)(answer)
        body = message(**{f"f{question}": message(**answer)})
        connection.sendall(struct.pack("<I", len(body)) + body)

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.serve(connection)
