# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/demo-smm: what ps aux shows by way of SMM against what the same ps shows of the guest's own /proc, before and after. usage:
smm_ps.py BEFORE SHOWN AFTER. Exit status 0, and how many processes are the same; 1 and what differs; both by tests/ports.py's rules."""
import dataclasses
import sys

from ports import CASES
from test_ports import compare, keyed, lines_of


def main():
    before, shown, after = (open(path, encoding="utf-8", errors="replace").read() for path in sys.argv[1:4])
    # Users have the same names on both sides: it is the same machine. Only here is the program that looks in what it looks at.
    case = dataclasses.replace(next(case for case in CASES if case.command == "ps aux"), names=(), own=r" bartizan run .* ps aux$")
    wrong = compare(case, before, shown, after)
    if wrong:
        print("\n".join(wrong))
        return 1
    stayed = keyed(case, lines_of(case, before, False)).keys() & keyed(case, lines_of(case, after, False)).keys()
    print(f"identical: {len(stayed) - 1} processes")   # but for the heading
    return 0


if __name__ == "__main__":
    sys.exit(main())
