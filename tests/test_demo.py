# SPDX-License-Identifier: GPL-2.0-or-later
"""What a newcomer runs first. tools/demo judges for itself: what is printed outside is what the guest prints, and each
attack on the link is caught in the words that are its own."""
import os
import subprocess

import pytest

from conftest import ROOT

pytestmark = pytest.mark.skipif(os.environ.get("BARTIZAN_TEST_FULL") != "1",
                                reason="the demo takes minutes: BARTIZAN_TEST_FULL=1 runs it")


@pytest.mark.parametrize("script", ["demo", "demo-smm", "demo-papers"])
def test_the_demo_shows_what_it_says(script):
    done = subprocess.run([os.path.join(ROOT, "tools", script)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "identical" in done.stdout
