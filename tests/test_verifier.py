# SPDX-License-Identifier: GPL-2.0-or-later
"""What bartizan-verifier says, and its exit status, at its command line. What it checks is appraise-test's matter."""
import base64
import json
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERIFIER = os.path.join(ROOT, "build/bin/bartizan-verifier")
OF_MADE_UP_ROOT = os.path.join(ROOT, "build/tests/verifier-of-made-up-root")
MAKE_QUOTE = os.path.join(ROOT, "build/tests/make-quote")
FILES = ["tcb_info.json", "qe_identity.json", "tcb_info_issuer_chain.pem", "qe_identity_issuer_chain.pem", "pck_crl.der",
         "pck_crl_issuer_chain.pem", "root_ca_crl.der"]
AT = "2025-06-20T12:00:00Z"


@pytest.fixture
def platform(tmp_path):
    """A quote whose every signature fits, below another root than Intel's."""
    subprocess.run([MAKE_QUOTE, tmp_path, "3"], check=True, timeout=60)
    return tmp_path


def appraise(directory, *more, at=AT, verifier=VERIFIER):
    return subprocess.run([verifier, "appraise", "--quote", directory / "quote", "--collateral", directory, "--at", at, *more],
                          capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "BARTIZAN_MADE_UP_ROOT": f"{directory}/root"})


def appraise_own(directory, *more, at=AT):
    """The same program, which believes the platform's root instead of Intel's."""
    return appraise(directory, *more, at=at, verifier=OF_MADE_UP_ROOT)


def test_a_platform_below_another_root_than_intels_is_refused(platform):
    done = appraise(platform)
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("verdict: refused\nreasons: root: ")
    assert "identity: not appraised\n" in done.stdout
    assert "signatures: not established\n" in done.stdout


@pytest.mark.parametrize("version", [3, 4])
def test_a_good_quote_is_accepted_and_that_is_0(tmp_path, version):
    subprocess.run([MAKE_QUOTE, tmp_path, str(version)], check=True, timeout=60)
    done = appraise_own(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("verdict: accepted\n") and "identity: not appraised\n" in done.stdout and "tcb_status: UpToDate\n" in done.stdout
    assert json.loads(appraise_own(tmp_path, "--json").stdout)["verdict"] == "accepted"
    (tmp_path / "policy").write_text("reference_values: [{mrenclave: %s}]\n" % ("e1" * 32))
    done = appraise_own(tmp_path, "--policy", tmp_path / "policy")
    assert done.returncode == 0 and "identity: not appraised" not in done.stdout, done.stdout
    (tmp_path / "policy").write_text("reference_values: [{mrenclave: %s}]\n" % ("e2" * 32))
    done = appraise_own(tmp_path, "--policy", tmp_path / "policy")
    assert done.returncode == 3 and "reasons: identity: " in done.stdout, done.stdout


WRONG = {"info-expired": "expired", "identity-expired": "expired", "list-expired": "expired", "info-of-tomorrow": "expired", "revoked": "revoked",
         "ca-revoked": "revoked", "out-of-date": "tcb-status", "info-of-another": "platform", "info-by-the-platform": "signature", "debug": "debug",
         "encrypted-ppid": "unsupported", "quote-by-another": "signature", "report-by-another": "signature"}


@pytest.mark.parametrize("name, code", WRONG.items())
def test_what_is_parsed_and_not_accepted_is_3(tmp_path, name, code):
    """The collateral is read, the root believed: one thing alone is wrong."""
    subprocess.run([MAKE_QUOTE, tmp_path, "3", name], check=True, timeout=60)
    done = appraise_own(tmp_path)
    assert done.returncode == 3 and done.stderr == "", done.stdout + done.stderr
    assert [reason["code"] for reason in json.loads(appraise_own(tmp_path, "--json").stdout)["reasons"]] == [code]


@pytest.mark.parametrize("at", ["2025-03-01T00:00:00Z", "2025-07-10T00:00:01Z", "2031-01-01T00:00:00Z"])
def test_on_another_day_the_same_files_are_3(platform, at):
    assert appraise_own(platform).returncode == 0
    done = appraise_own(platform, at=at)
    assert done.returncode == 3 and "reasons: expired: " in done.stdout and done.stderr == "", done.stdout + done.stderr


MIXED_UP = [("tcb_info_issuer_chain.pem", "pck_crl_issuer_chain.pem"), ("qe_identity_issuer_chain.pem", "pck_crl_issuer_chain.pem"),
            ("pck_crl.der", "root_ca_crl.der")]


@pytest.mark.parametrize("one, other", MIXED_UP)
def test_files_in_each_others_places_are_3(platform, one, other):
    first, second = (platform / name for name in (one, other))
    contents = first.read_bytes(), second.read_bytes()
    second.write_bytes(contents[0])
    first.write_bytes(contents[1])
    done = appraise_own(platform)
    assert done.returncode == 3 and "reasons: chain: " in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tcb_info_issuer_chain.pem", "pck_crl_issuer_chain.pem", "pck_crl.der", "root_ca_crl.der", "tcb_info.json", "quote"])
def test_another_platforms_file_among_these_is_3(platform, tmp_path_factory, name):
    """Of the same names and dates, but by other keys."""
    other = tmp_path_factory.mktemp("other")
    subprocess.run([MAKE_QUOTE, other, "3"], check=True, timeout=60)
    (platform / name).write_bytes((other / name).read_bytes())
    done = appraise_own(platform)
    assert done.returncode == 3 and "verdict: refused\n" in done.stdout and done.stderr == "", done.stdout + done.stderr


def test_a_chain_that_wants_a_passphrase_is_3_and_nobody_is_asked(platform):
    """Without a terminal OpenSSL would read its input, a pipe that stays open here."""
    block = (b"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n"
             + base64.b64encode(bytes(16)) + b"\n-----END CERTIFICATE-----\n")
    quote = (platform / "quote").read_bytes()
    head = quote[:432] + (len(block) + 564 + 488 - 436).to_bytes(4, "little") + quote[436:564 + 484]
    (platform / "quote").write_bytes(head + len(block).to_bytes(4, "little") + block)
    process = subprocess.Popen([OF_MADE_UP_ROOT, "appraise", "--quote", platform / "quote", "--collateral", platform, "--at", AT], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                               env={**os.environ, "BARTIZAN_MADE_UP_ROOT": f"{platform}/root"})
    try:
        assert process.wait(timeout=60) == 3
    finally:
        process.kill()
    output, errors = process.communicate()
    assert "reasons: chain: " in output and "pass phrase" not in errors, output + errors


def test_json_says_the_same(platform):
    lines, document = appraise(platform).stdout, json.loads(appraise(platform, "--json").stdout)
    assert document["verdict"] == "refused" and [reason["code"] for reason in document["reasons"]] == ["root"]
    assert document["at"] == AT
    for name, value in document.items():
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            assert f"{name}: {value}\n" in lines


@pytest.mark.parametrize("verifier", [VERIFIER, OF_MADE_UP_ROOT], ids=["intels", "own"])
@pytest.mark.parametrize("version, tee", [(0, 0), (1, 0), (4, 0x81), (5, 0), (6, 0)])
def test_other_kinds_of_quotes_are_refused_by_name(platform, version, tee, verifier):
    quote = bytearray((platform / "quote").read_bytes())
    quote[0:2], quote[4:8] = version.to_bytes(2, "little"), tee.to_bytes(4, "little")
    (platform / "quote").write_bytes(quote)
    done = appraise(platform, verifier=verifier)
    assert done.returncode == 3 and "reasons: unsupported: " in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("tee", [0, 0x81], ids=["sgx", "tdx"])
def test_collateral_for_tdx_is_no_broken_file(platform, tee):
    """A domain's quote comes with collateral of its own kind: both are read, and not accepted."""
    info, identity = (json.loads((platform / name).read_text()) for name in ("tcb_info.json", "qe_identity.json"))
    info["tcbInfo"].update(id="TDX", tdxModule={"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "FF" * 8},
                           tdxModuleIdentities=[])
    identity["enclaveIdentity"]["id"] = "TD_QE"
    (platform / "tcb_info.json").write_text(json.dumps(info, separators=(",", ":")))
    (platform / "qe_identity.json").write_text(json.dumps(identity, separators=(",", ":")))
    quote = bytearray((platform / "quote").read_bytes())
    quote[0:2], quote[4:8] = (4).to_bytes(2, "little"), tee.to_bytes(4, "little")
    if tee:
        (platform / "quote").write_bytes(quote)
    done = appraise(platform)
    assert done.returncode == 3 and "reasons: unsupported: " in done.stdout and "TDX" in done.stdout, done.stdout + done.stderr
    assert json.loads(appraise(platform, "--json").stdout)["reasons"][0]["code"] == "unsupported"


@pytest.mark.parametrize("name", [*FILES, "quote"])
def test_a_missing_file_is_told_by_its_name(platform, name):
    (platform / name).unlink()
    done = appraise(platform)
    assert done.returncode == 1 and name in done.stderr and done.stdout == ""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_something_else_is_told_by_its_name(platform, name):
    deep = base64.encodebytes(b"\x30\x80" * 9000)
    for content in (b"", b"{}", b"\0" * 100, (platform / name).read_bytes()[:-30], b"[" * 100000, b"{\"a\":" * 100000, b"\x30\x80" * 50000,
                    b"\x30\x88\x7f" + b"\xff" * 100, b"-----BEGIN CERTIFICATE-----\n" + deep + b"-----END CERTIFICATE-----\n",
                    b"-----BEGIN X509 CRL-----\n" + deep + b"-----END X509 CRL-----\n", b" " * (17 << 20)):
        (platform / name).write_bytes(content)
        done = appraise(platform)
        assert done.returncode == 1 and name in done.stderr and done.stdout == "", content[:20]


@pytest.mark.parametrize("content", [b"", b"x" * 47, b"Hello, I am not a quote at all, but more than a header." * 40])
def test_what_is_no_quote_is_no_verdict(platform, content):
    (platform / "quote").write_bytes(content)
    done = appraise(platform)
    assert done.returncode == 1 and "quote" in done.stderr and done.stdout == ""


def test_a_policy_that_isnt_one_is_told_with_its_line(platform):
    (platform / "policy").write_text("# ours\naccept_everything: true\n")
    done = appraise(platform, "--policy", platform / "policy")
    assert done.returncode == 1 and "line 2" in done.stderr and "accept_everything" in done.stderr
    (platform / "policy").write_text("reference_values: [{mrenclave: %s}]\n" % ("e1" * 32))
    assert appraise(platform, "--policy", platform / "policy").returncode == 3


@pytest.mark.parametrize("words", [[], ["judge"], ["appraise"], ["appraise", "--quote", "x"], ["appraise", "--at", "yesterday"],
                                   ["appraise", "--quote", "x", "--collateral", "y", "z"]], ids=" ".join)
def test_wrong_use_is_2(words):
    done = subprocess.run([VERIFIER, *words], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2 and "bartizan-verifier" in done.stderr and done.stdout == ""
