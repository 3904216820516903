# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes firmware is compiled as edk2 compiles it, in each run: OVMF itself takes minutes, and tests/test_firmware.py builds it."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_all_that_becomes_firmware_compiles_there_and_calls_nothing_that_it_lacks():
    done = subprocess.run([os.path.join(ROOT, "tools/build/firmware-check")], check=False, capture_output=True, text=True, timeout=900,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "files compiled" in done.stdout, done.stdout + done.stderr
