# SPDX-License-Identifier: GPL-2.0-or-later
import itertools

import matrix


def test_every_pair_of_settings_is_booted_in_at_most_sixteen_rows():
    rows = matrix.pairwise(matrix.AXES)
    assert len(rows) <= 16
    for (a, in_a), (b, in_b) in itertools.combinations(matrix.AXES.items(), 2):
        for x, y in itertools.product(in_a, in_b):
            if not matrix.is_possible({"kernel": "6.12", "la57": "off", a: x, b: y}):
                continue
            assert any(row[a] == x and row[b] == y for row in rows), (a, x, b, y)
