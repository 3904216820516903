# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/test/bench-smm: from figures that were measured to the table and the plots."""
import json
import os
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import ROOT

SCRIPT = os.path.join(ROOT, "tools/test/bench-smm")
FULL, UNSEALED, NATIVE, MODULE = "the whole system", "without sealing", "without enclave", "without SMM"


def question(title, unit, middle, smis=None, in_smm=5, longest=None):
    ways = {way: {"others": [], "times_ns": [middle - 10, middle, middle + 10]} for way in (FULL, UNSEALED, NATIVE, MODULE)}
    for way in (FULL, UNSEALED, NATIVE):
        ways[way].update(smis=smis, in_smm=in_smm)
    ways[NATIVE]["longest"] = longest or in_smm / (smis or 1)
    return {"paper": "section 5", "title": title, "unit": unit, "ways": ways}


def record(smis=2, in_smm=495000, lines=390000, pages=380000, page=90000, bare=9000, nobody=1200, whole=100000, version_in_smm=95000, version_longest=400000,
           native=None):
    smi = {name: {"others": [], "times_ns": [value - 1, value, value + 1]}
           for name, value in (("nobody", nobody), ("lines", lines), ("pages", pages), ("page", page), ("page, unsealed", bare))}
    version = question("a text", "million instructions", whole, 1, in_smm=version_in_smm, longest=version_longest)
    version["ways"][NATIVE]["times_ns"] = 3 * [native or whole]
    return {"commit": "0123abc", "date": "2026-01-02", "cpus": 2, "kernel": "6.12.0", "guest": "a guest", "realtime": False,
            "load_before": [0.25, 0, 0], "load_after": [0.5, 0, 0], "ways": {FULL: "all of it"}, "smis": {"page": "a page"},
            "attaching": {"with --profile": 182, "without": 1058},
            "figures": {"processes-instructions": question("a list", "million instructions", 600000, smis, in_smm=in_smm),
                        "version-instructions": version,
                        "file-instructions": question("a file", "million instructions", 2 * whole, 1),
                        "smi-instructions": {"paper": "section 5", "title": "one SMI", "unit": "million instructions", "ways": smi},
                        "version-1-cpu": question("a text", "ms under TCG, 1 CPU", 3000000, 1, in_smm=5)}}


def draw(told, folder):
    path = folder / "record.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    subprocess.run([SCRIPT, "--draw", path, folder / "drawn"], check=True, stdin=subprocess.DEVNULL, timeout=60)
    return folder / "drawn"


def words_of(svg):
    return " ".join("".join(element.itertext()).strip() for element in xml.etree.ElementTree.parse(svg).iter() if element.tag.endswith("}text"))


def test_what_is_to_be_reached_is_said_as_it_is(tmp_path):
    table = (draw(record(), tmp_path) / "smm.md").read_text(encoding="utf-8")
    assert "not met" not in table and table.count("met |") == 7
    assert "133 µs (400,000)" in table and "with --profile: 182; without: 1058" in table
    assert "5% (5,000 of 100,000)" in table


def test_a_list_that_goes_on_where_one_smis_budget_ended_is_reached(tmp_path):
    table = (draw(record(smis=3, in_smm=895000), tmp_path) / "smm.md").read_text(encoding="utf-8")
    assert "| 2, 267 µs in all; before, 1 that asks whether it is the same kernel still, 32 µs | met |" in table


@pytest.mark.parametrize("change, line", [
    ({"smis": 3, "in_smm": 535000}, "1 SMI"), ({"smis": 4, "in_smm": 895000}, "1 SMI"), ({"in_smm": 920000}, "within 150 µs"),
    ({"version_longest": 460000}, "within 150 µs"), ({"lines": 460000}, "within 150 µs"), ({"pages": 460000}, "within 150 µs"), ({"page": 100001}, "4 KiB read"),
    ({"bare": 11300}, "everything but the cipher"), ({"version_in_smm": 89999}, "all else"),
    ({"native": 89000}, "the enclave adds")])
def test_what_is_not_reached_is_said_too(tmp_path, change, line):
    table = (draw(record(**change), tmp_path) / "smm.md").read_text(encoding="utf-8")
    assert [row for row in table.splitlines() if "**not met**" in row] == [row for row in table.splitlines() if line in row and row.endswith("|")]


def test_instructions_become_an_estimate_and_times_do_not(tmp_path):
    drawn = draw(record(), tmp_path)
    table = (drawn / "smm.md").read_text(encoding="utf-8")
    assert "| the whole system | 100,000 | 99,995 – 100,005 | 99,990 – 100,010 | 33 µs | 95,000 | 1.00 | 1.0 | 3 |" in table
    assert "| the whole system | 3.000 | 3.000 – 3.000 | 3.000 – 3.000 |  |  | 1.00 | 1.0 | 3 |" in table
    assert "| without SMM | 3.000 | 3.000 – 3.000 | 3.000 – 3.000 |  |  | 1.00 | – | 3 |" in table
    assert "Estimate" in table and "1.0 a cycle (assumed)" in table
    words = words_of(drawn / "smm-version-instructions.svg")
    for word in ("million instructions", "a text (section 5)", "the whole system", "without enclave"):
        assert word in words


@pytest.mark.parametrize("arguments", [["--draw"], ["--draw", "x"], ["nonsense"]])
def test_wrong_arguments_are_answered_with_the_usage(arguments):
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 2 and "usage: tools/test/bench-smm" in done.stderr
