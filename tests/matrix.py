# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests that the VM tests run over: every pair of settings in about a dozen boots.

BARTIZAN_TEST_FULL=1 takes the whole product of what concerns decoding.
"""
import itertools
import os

AXES = {
    "kernel": ["5.10", "6.1", "6.12", "newest"],
    "machine": ["q35-512M", "q35-4G", "pc-4G"],
    "la57": ["off", "on"],
    "pti": ["off", "on"],
    "kaslr": ["on", "off"],
    "ram": ["shared", "private"],
    "qmp": ["yes", "no"],
}


def is_possible(row):
    """Debian's 5.10 is built without CONFIG_X86_5LEVEL."""
    return not (row["kernel"] == "5.10" and row["la57"] == "on")


# Whole matrix: how memory is reached doesn't change what is in it, so these two stay pairwise.
WHOLE = ("kernel", "machine", "la57", "pti", "kaslr")


def pairs_of(row):
    return {frozenset((a, b)) for a, b in itertools.combinations(row.items(), 2)}


def pairwise(axes):
    """Rows that together hold every pair of settings; greedy and deterministic."""
    names = list(axes)
    product = [dict(zip(names, values)) for values in itertools.product(*axes.values())]
    product = [row for row in product if is_possible(row)]
    missing = set().union(*(pairs_of(row) for row in product))
    rows = []
    while missing:
        best = max(product, key=lambda row: len(pairs_of(row) & missing))
        rows.append(best)
        missing -= pairs_of(best)
    return rows


def rows():
    if os.environ.get("BARTIZAN_TEST_FULL") != "1":
        return pairwise(AXES)
    whole = [dict(zip(WHOLE, values)) for values in itertools.product(*(AXES[n] for n in WHOLE))]
    whole = [row for row in whole if is_possible(row)]
    reach = list(itertools.product(AXES["ram"], AXES["qmp"]))
    return [{**row, "ram": reach[i % 4][0], "qmp": reach[i % 4][1]} for i, row in enumerate(whole)]


def name_of(row):
    return "-".join([row["kernel"], row["machine"]] + [f"{k}.{row[k]}" for k in ("la57", "pti", "kaslr", "ram", "qmp")])


def lab_arguments(row):
    """The `bartizan lab up` options of one row."""
    machine, memory = row["machine"].split("-")
    arguments = ["--kernel", row["kernel"], "--machine", machine, "--memory", memory, "--cpus", "2",
                 "--la57", row["la57"], "--pti", row["pti"], "--kaslr", row["kaslr"]]
    if row["ram"] == "private":
        arguments.append("--private-memory")
    if row["qmp"] == "no":
        arguments.append("--no-qmp")
    return arguments
