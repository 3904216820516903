# SPDX-License-Identifier: GPL-2.0-or-later
"""Some of tests/test_smm.py in each run, where edk2 was built on this machine before: then firmware of these sources takes a minute, not ten.
It is for an owner of its own, so that what runs where the user's firmware is built doesn't run for that."""
import os
import subprocess

import pytest

import smm
import test_smm
from conftest import ROOT
# pylint: disable=unused-import
from test_smm import (owner, probe, session, test_a_grant_that_is_over_is_refused_and_the_session_that_it_has_goes_on,
                      test_a_request_altered_in_any_byte_or_repeated_is_refused, test_each_question_is_one_more_smi,
                      test_nothing_that_root_puts_over_proc_is_seen, test_processes_are_the_machines, test_programs_in_the_machine_show_the_machine)


@pytest.fixture(scope="module")
def firmware(bartizan):
    if smm.firmware_is_built():
        pytest.skip("tests/test_smm.py has all of it: firmware is built for this user and these sources")
    state = os.path.join(ROOT, "build/smoke-state")
    os.makedirs(os.path.join(state, "bartizan"), exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", state)
        patch.setitem(bartizan.environment, "XDG_STATE_HOME", state)
        if not os.path.exists(os.path.join(state, "bartizan/owner.pub")):
            subprocess.run([bartizan.path, "keygen", "--owner", "--output", os.path.join(state, "bartizan/owner.pem")], check=True, timeout=60)
        built = smm.built_firmware(quickly=True)
        if built is None:
            pytest.skip("edk2 was never built on this machine: `make firmware` or `bartizan lab up NAME --firmware smm` does, in ten minutes")
        yield built


@pytest.fixture(scope="module")
def machine(bartizan, firmware, tmp_path_factory):   # pylint: disable=redefined-outer-name
    with test_smm.booted(bartizan, firmware, tmp_path_factory.mktemp("smm"), 1) as machine:
        yield machine
