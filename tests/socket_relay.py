# SPDX-License-Identifier: GPL-2.0-or-later
"""The end outside of tests/socket-relay.c: sockets in a guest that lead to this machine's."""
import os
import socket
import struct
import subprocess
import threading

from conftest import ROOT

HEADER = struct.Struct("<III")
CHUNK = 16 << 10   # tests/socket-relay.c takes no more at a time


class SocketRelay(threading.Thread):
    """`places`: {path in the guest: path here}."""

    def __init__(self, machine, directory, places):
        super().__init__(daemon=True)
        self.places, self.sockets, self.lock = list(places.values()), {}, threading.Lock()
        program = os.path.join(directory, "socket-relay")
        subprocess.run(["gcc", "-static", "-O1", "-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Werror", "-o", program, f"{ROOT}/tests/socket-relay.c"], check=True)
        with open(program, "rb") as file:
            machine.exec(["sh", "-c", "cat >/run/socket-relay && chmod +x /run/socket-relay"], input=file.read())
        self.process = subprocess.Popen([machine.bartizan.path, "lab", "exec", machine.name, "--", "/run/socket-relay", *places],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                                        env=machine.bartizan.environment)
        assert self.process.stderr.readline() == b"listening\n"
        self.start()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.join(30)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.process.stdout.read(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def send(self, number, place, data):
        with self.lock:
            frame = HEADER.pack(number, place, len(data)) + data
            while frame:
                frame = frame[self.process.stdin.write(frame):]

    def carry_in(self, number, place, ours):
        try:
            while data := ours.recv(CHUNK):
                self.send(number, place, data)
            self.send(number, place, b"")
        except (OSError, ValueError):   # one of the two is closed
            pass

    def open(self, number, place):
        ours = socket.socket(socket.AF_UNIX)
        if ours.connect_ex(str(self.places[place])) != 0:
            self.send(number, place, b"")
            return None
        threading.Thread(target=self.carry_in, args=(number, place, ours), daemon=True).start()
        return ours

    def carry_out(self, number, place, data):
        if number not in self.sockets:
            self.sockets[number] = self.open(number, place) if data else None
        ours = self.sockets[number]
        if ours is None:
            return
        try:
            if data:
                ours.sendall(data)
            else:
                ours.shutdown(socket.SHUT_RDWR)
        except OSError:   # it was closed here, which the guest is told by the other direction
            pass

    def run(self):
        try:
            while True:
                number, place, size = HEADER.unpack(self.exactly(HEADER.size))
                self.carry_out(number, place, self.exactly(size))
        except EOFError:
            pass
