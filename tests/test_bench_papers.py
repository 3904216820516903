# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/test/bench-papers: from figures that were measured to the table and the plots."""
import copy
import json
import os
import statistics
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import ROOT

SCRIPT = os.path.join(ROOT, "tools/test/bench-papers")
FOLDER = os.path.join(ROOT, "docs/bench")
MILLISECOND = 1000000
RECORD = {
    "commit": "0123abc", "date": "2026-01-02", "cpus": 2, "kernel": "6.12.0", "guest": "a guest", "realtime": False,
    "load_before": [0.25, 0, 0], "load_after": [0.5, 0, 0], "ways": {"this way": "what it is", "that way, too": "what else"},
    "figures": {"roads": {"paper": "figure 7", "title": "how long roads are", "ratio": ["that way, too", "this way", 5.0], "ways": {
        "this way": {"times_ns": [number * MILLISECOND for number in (4, 1, 3, 2, 5)], "others": [0.01, 0.02]},
        "that way, too": {"times_ns": [number * MILLISECOND for number in (14, 11, 13, 12, 15)], "others": [0.0, 0.09]}}}},
}


def draw(record, folder):
    path = folder / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    subprocess.run([SCRIPT, "--draw", path, folder / "drawn"], check=True, stdin=subprocess.DEVNULL, timeout=60)
    return folder / "drawn"


def words_of(svg):
    return " ".join("".join(element.itertext()).strip() for element in xml.etree.ElementTree.parse(svg).iter() if element.tag.endswith("}text"))


def test_a_record_becomes_a_table_with_medians_quartiles_and_ratios(tmp_path):
    table = (draw(RECORD, tmp_path) / "papers.md").read_text(encoding="utf-8")
    assert "| this way | 3.000 | 2.000 – 4.000 | 1.000 – 5.000 | 1.00 | 5 | 0 of 2 runs |" in table
    assert "| that way, too | 13.000 | 12.000 – 14.000 | 11.000 – 15.000 | 4.33 | 5 | 0 of 2 runs |" in table
    assert "that way, too ÷ this way: 4.33 here, 5.0 in the paper." in table
    assert "load 0.2 and 0.5" in table and "commit 0123abc" in table and "* **this way**: what it is." in table
    assert "DISTURBED" not in table
    assert "\n\nOf another day.\n\n" in (draw({**RECORD, "note": "Of another day."}, tmp_path) / "papers.md").read_text(encoding="utf-8")


def test_a_record_becomes_plots(tmp_path):
    words = words_of(draw(RECORD, tmp_path) / "roads.svg")
    for word in ("this way", "that way,", "how long roads are (figure 7)", "3", "13", "load 0.2 and 0.5"):
        assert word in words
    assert "DISTURBED" not in words


def test_runs_that_others_disturbed_are_marked_in_the_table_and_in_the_plot(tmp_path):
    record = copy.deepcopy(RECORD)
    record["figures"]["roads"]["ways"]["this way"]["others"] = [0.02, 0.4]
    drawn = draw(record, tmp_path)
    table = (drawn / "papers.md").read_text(encoding="utf-8")
    assert "**DISTURBED: in 1 of 4 runs" in table and "| 1 of 2 runs |" in table
    assert "DISTURBED: in 1 of 4 runs" in words_of(drawn / "roads.svg")


def test_the_table_and_plots_in_docs_are_those_of_the_figures_beside_them(tmp_path):
    with open(os.path.join(FOLDER, "papers.json"), encoding="utf-8") as f:
        record = json.load(f)
    assert all(len(way["times_ns"]) == 50 for figure in record["figures"].values() for way in figure["ways"].values())
    drawn = draw(record, tmp_path)
    with open(os.path.join(FOLDER, "papers.md"), encoding="utf-8") as f:
        assert (drawn / "papers.md").read_text(encoding="utf-8") == f.read()
    for name, figure in record["figures"].items():
        words = words_of(os.path.join(FOLDER, f"{name}.svg"))
        assert figure["title"] in words
        for way in figure["ways"].values():
            assert f"{statistics.median(way['times_ns']) / MILLISECOND:.3g}" in words


@pytest.mark.parametrize("arguments", [["--draw"], ["--draw", "x"], ["nonsense"]])
def test_wrong_arguments_are_answered_with_the_usage(arguments):
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 2 and "usage: tools/test/bench-papers" in done.stderr
