# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages that name code name code that is there."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import ROOT


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def rows(page):
    """The numbered rows of its tables, as lists of cells."""
    lines = (line.strip().strip("|").split("|") for line in text_of(page).splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in cells] for cells in lines if cells[0].strip().isdigit()]


def named(cell):
    return [word.split(":") for word in re.findall(r"`([^`]+)`", cell)]


PITFALLS = rows("docs/two-worlds.md")


def test_there_are_35_pitfalls():
    assert [int(row[0]) for row in PITFALLS] == list(range(1, 36))


@pytest.mark.parametrize("row", PITFALLS, ids=lambda row: row[0])
def test_where_a_pitfall_is_handled_and_tested_exists(row):
    _, pitfall, how, handled, tests = row
    assert pitfall and how and named(handled) and named(tests)
    for path, name in named(handled) + named(tests):
        assert re.search(rf"\b{re.escape(name)}\b", text_of(path)), (path, name)
    for path, name in named(tests):
        if path.endswith(".c"):   # defined, and run
            assert len(re.findall(rf"\b{re.escape(name)}\b", text_of(path))) > 1, (path, name)
        else:
            assert re.search(rf"^def {re.escape(name)}\(", text_of(path), re.M), (path, name)


def help_of(words):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "ARGP_HELP_FMT": "rmargin=300"}
    done = subprocess.run([os.path.join(ROOT, "build/bin", words[0]), *words[1:], "--help"], capture_output=True, text=True, check=True,
                          env=environment, stdin=subprocess.DEVNULL, timeout=30)
    return done.stdout


def subcommands(words):
    text = help_of(words)
    _, found, rest = text.partition("\nCommands:\n")
    names = [line.split()[0] for line in rest.split("\n\n")[0].splitlines()] if found else []
    return [words] + [deeper for name in names for deeper in subcommands([*words, name])]


def every_command():
    if not os.path.exists(os.path.join(ROOT, "build/bin/bartizan")):
        return []
    return subcommands(["bartizan"]) + [["bartizan-agent"], ["bartizan-agent", "serve"], ["bartizan-agent", "status"],
                                        ["bartizan-grantor"], ["guestcc"]] + subcommands(["bartizan-verifier"])


def test_the_commands_are_known():
    assert len(every_command()) >= 26


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    directory = tmp_path_factory.mktemp("man")
    subprocess.run([os.path.join(ROOT, "tools/man-pages"), os.path.join(ROOT, "build/bin"), directory], check=True, timeout=120)
    return directory


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_option_of_a_command_is_in_its_manual_page(pages, words):
    name = "-".join(words)
    path = next(pages / f"{name}.{section}" for section in (1, 8) if (pages / f"{name}.{section}").exists())
    shown = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-P-cbou", "-rLL=200n", path], capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(rf"^{title}$", shown.stdout, re.M), title
    if words != ["guestcc"]:
        options = re.findall(r"^ +(?:-\S, )?(--[a-z0-9-]+)", help_of(words), re.M)
        assert "--help" in options
        for option in options:
            assert re.search(rf"(^|\s){option}(\W|$)", shown.stdout.split("\nOPTIONS\n")[1], re.M), option
    assert re.search(r"\b2\b", shown.stdout.split("\nEXIT STATUS\n")[1]), "no exit status for wrong use"


def test_what_is_installed_runs_and_brings_its_pages_and_units(pages, tmp_path):
    subprocess.run([os.path.join(ROOT, "tools/install")], check=True, capture_output=True, timeout=120,
                   env={**os.environ, "DESTDIR": str(tmp_path), "PREFIX": "/opt/watch"})
    top = tmp_path / "opt/watch"
    assert {page.name for page in pages.iterdir()} - {"guestcc.1", "bartizan-cc.1"} <= {
        page.name for page in (top / "share/man").rglob("*.[18]")}
    for daemon in ("agent", "grantor", "verifier"):
        unit = (top / f"lib/systemd/system/bartizan-{daemon}.service").read_text()
        assert f"\nExecStart=/opt/watch/bin/bartizan-{daemon} " in unit
        assert (top / f"bin/bartizan-{daemon}").stat().st_mode & 0o111
    assert "\nStartLimitIntervalSec=0\n" in unit.split("[Service]")[0]   # the verifier is started again however often it ends
    done = subprocess.run([top / "bin/bartizan", "cat", "--backend", "plain", "--target", "dump:/nowhere", "version"],
                          capture_output=True, check=False, timeout=30)
    assert done.returncode == 125 and b"/nowhere" in done.stderr   # its image was found


def units_installed(top):
    """As make install puts them, for programs that are where the units say."""
    subprocess.run([os.path.join(ROOT, "tools/install")], check=True, capture_output=True, timeout=120,
                   env={**os.environ, "DESTDIR": "", "PREFIX": str(top)})
    return sorted(str(unit) for unit in (top / "lib/systemd/system").glob("*.service"))


def test_each_user_of_a_unit_is_in_the_file_of_users_that_is_installed_with_it(tmp_path):
    """Which systemd-sysusers, where it is here, makes of it."""
    units = units_installed(tmp_path / "watch")
    wanted = set(re.findall(r"^(?:User|Group)=(.*)$", "".join(open(unit, encoding="utf-8").read() for unit in units), re.M))
    users = tmp_path / "watch/lib/sysusers.d/bartizan.conf"
    assert len(units) == 3 and wanted == {words[1] for line in users.read_text().splitlines() if (words := line.split())[0] == "u"}
    if shutil.which("systemd-sysusers") is not None:
        root = tmp_path / "root"
        (root / "etc").mkdir(parents=True)
        subprocess.run(["systemd-sysusers", f"--root={root}", users], check=True, capture_output=True, timeout=60)
        for name in ("passwd", "group"):
            assert wanted <= {line.split(":")[0] for line in (root / "etc" / name).read_text().splitlines()}, name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze isn't here (package systemd)")
def test_systemd_finds_nothing_to_say_about_the_installed_units(tmp_path):
    units = units_installed(tmp_path / "watch")
    assert len(units) == 3
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60)
    assert "bartizan" not in done.stdout + done.stderr   # about this machine's own units it may say what it likes
    broken = tmp_path / "broken.service"   # it does look
    with open(units[0], encoding="utf-8") as unit:
        broken.write_text(unit.read().replace("\nTasksMax=", "\nTaskMax="))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", broken], capture_output=True, text=True, check=False, timeout=60)
    assert "TaskMax" in done.stderr


def test_the_page_on_the_link_has_the_sizes_of_a_read_plan():
    header = text_of("link/plan.h")
    plan, cursor = (int(re.search(rf"^\tLINK_PLAN_{name}_SIZE = (\d+),$", header, re.M)[1]) for name in ("CODE", "CURSOR"))
    assert "\tLINK_PLAN_REQUEST_SIZE = 32 + LINK_PLAN_CODE_SIZE + LINK_PLAN_CURSOR_SIZE,\n" in header
    request, reply = text_of("docs/link.md").split("### Read plans")[1].split("\nRequest, ")[1].split("\nReply:\n")
    assert request.startswith(f"always {32 + plan + cursor} bytes:")
    assert f"\n| 32 | {plan} | the plan " in request and f"\n| {32 + plan} | {cursor} | the cursor" in request
    assert f"\n| 64 | {cursor} | the cursor" in reply


def test_what_a_session_of_the_agent_takes_is_the_same_everywhere():
    size = int(re.search(r"^\tSERVE_SESSION_KIB_MAX = (\d+),$", text_of("agent/serve/settings.h"), re.M)[1]) / 1024
    page = text_of("docs/agent.md")
    assert f"| sessions, each at most {size:.1f} MiB: " in page and f"; at most {size:.1f} MiB for\neach session, " in page
    assert f"of the {size:.1f} that a session can take" in text_of("docs/read-plans.md")
    assert f"each takes up to {size:.1f} MiB" in help_of(["bartizan-agent", "serve"])
    limit = re.search(r"^MemoryMax=(\d+)G$", text_of("agent/bartizan-agent.service"), re.M)[1]
    assert f"`MemoryMax={limit}G`" in page
    assert int(limit) * 1024 > 64 * size + 4 * 129   # the default sessions, the epochs


PAPERS = re.findall(r"\]\(([^)]+)\)", text_of("docs/papers.md"))


def test_the_page_on_the_papers_says_of_every_mechanism_where_it_is_or_that_it_is_not_built():
    mechanisms = [line.strip().strip("|").split(" | ") for line in text_of("docs/papers.md").splitlines() if line.startswith("| ")]
    assert len(mechanisms) > 30
    for mechanism, here, differs in mechanisms:
        assert mechanism.strip() and differs.strip(), mechanism
        assert "](" in here or here in ("here", "—") or here.startswith("nothing in what is shipped"), mechanism
        assert here != "—" or "not built yet" in differs, mechanism


@pytest.mark.parametrize("link", sorted(set(PAPERS)))
def test_what_the_page_on_the_papers_names_is_there(link):
    path, _, heading = link.partition("#")
    assert os.path.exists(os.path.join(ROOT, "docs", path)), link
    if heading:
        assert heading in {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).strip().replace(" ", "-")
                           for line in text_of(os.path.join("docs", path)).splitlines() if line.startswith("#")}, link


def test_the_labs_page_has_each_option_of_a_guest():
    """In its table, as `| `--NAME…`: --help has three that are every command's."""
    options = set(re.findall(r"--([a-z0-9-]+)", "".join(line[:40] for line in help_of(["bartizan", "lab", "up"]).splitlines(True) if
                                                          line.lstrip().startswith("-")))) - {"help", "usage", "version"}
    told = set(re.findall(r"^\| `--([a-z0-9-]+)", text_of("docs/lab.md"), re.MULTILINE))
    assert options <= told, options - told
