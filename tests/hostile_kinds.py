# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of damage that a place can take; each stands for several cases."""
from dataclasses import dataclass

USER = 0x00007fffffffe000         # an address of ours, if anybody followed it
HOLE = 0xffff888000000000 + (1 << 40)
NONCANONICAL = 0x8000000000000010
POISON = 0xdead000000000100       # what a list's node has after it was taken out
ODD = 0xffffffffffffff01

POINTERS = {"low": 0x10, "user": USER, "hole": HOLE, "not canonical": NONCANONICAL, "poison": POISON, "odd": ODD}
COUNTS = (1 << 25, 0x7fffffff, 0xffffffff)


@dataclass(frozen=True)
class Forgery:
    question: str
    place: str
    kind: str
    value: object      # a number, or words for tests/test_hostile.py
    size: int
    may_be_whole: bool = False
    may_be_absent: bool = False


def pointer(question, place, **more):
    """It leads anywhere but where it should."""
    for name, value in POINTERS.items():
        yield Forgery(question, place, name, value, 8, **more)


def per_cpu(question, place, **more):
    """An offset to each CPU's; a small one leads to something that is there."""
    for name, value in POINTERS.items():
        if name not in ("low", "odd"):
            yield Forgery(question, place, name, value, 8, **more)


def null(question, place, **more):
    yield Forgery(question, place, "NULL", 0, 8, **more)


def leads_to(question, place, *others, **more):
    """Loops, shared nodes: the pointer is that to somewhere else."""
    for other in others:
        yield Forgery(question, place, "leads to " + other, other, 8, **more)


def itself(question, place, **more):
    """A list's node is its own next one."""
    yield from leads_to(question, place, place, **more)


def string(question, place, **more):
    """The text that the pointer leads to has no end."""
    yield Forgery(question, place, "string without end", "string", 8, **more)


def fill(question, place, size, **more):
    """A text in its place has no end."""
    yield Forgery(question, place, "text without end", "fill", size, **more)


def count(question, place, size=4, **more):
    for value in COUNTS if size == 4 else (0x7f, 0xff) if size == 1 else (0x7fff, 0xffff) if size == 2 else ((1 << 47) - 1, (1 << 64) - 1):
        yield Forgery(question, place, f"{value:#x}", value, size, **more)


def list_node(question, place, **more):
    yield from pointer(question, place, **more)
    yield from null(question, place, **more)
    yield from itself(question, place, **more)


def either(*ways):
    """The ways of several kernels to one place: the first of which a kernel has all names is its."""
    return " | ".join(ways)


def on(ways, steps):
    """Further from there, whichever way led there."""
    return either(*(f"{way} {steps}" for way in ways.split(" | ")))
