# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes firmware is compiled as edk2 compiles it, in each run: OVMF itself takes minutes, and tests/test_firmware.py builds it."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_all_that_becomes_firmware_compiles_there_and_calls_nothing_that_it_lacks():
    done = subprocess.run([os.path.join(ROOT, "tools/build/firmware-check")], check=False, capture_output=True, text=True, timeout=900,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "files compiled" in done.stdout, done.stdout + done.stderr


def test_the_package_for_other_platforms_has_all_that_it_names(tmp_path):
    made = subprocess.run([os.path.join(ROOT, "tools/build/firmware"), "variable", "--package", str(tmp_path)], check=True, capture_output=True,
                          text=True, timeout=300, stdin=subprocess.DEVNULL).stdout.strip()
    with open(f"{made}/BartizanSmm/BartizanSmm.inf", encoding="utf-8") as file:
        text = file.read()
    named = [line.strip() for line in text.split("[Sources]")[1].split("[Packages]")[0].splitlines() if line.strip()]
    assert "Bartizan/firmware/handler/handler.c" in named and not [name for name in named if not os.path.isfile(f"{made}/BartizanSmm/{name}")]
    again = subprocess.run([os.path.join(ROOT, "tools/build/firmware"), "variable", "--package", str(tmp_path)], check=False, capture_output=True,
                           text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert again.returncode == 2 and "is there already" in again.stderr, again
