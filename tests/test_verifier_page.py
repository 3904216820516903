# SPDX-License-Identifier: GPL-2.0-or-later
"""The verifier's page in a browser: what a person sees, by keyboard too, and that nothing is asked of other servers."""
import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse

import pytest

from test_verifier_attested import Attested, accepting_sim, started
from verifier_client import CHALLENGE, HEARD, KEPT, REFUSED, RESULT, VERIFIER, WELCOME, Daemon, Enclave

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium isn't installed (python3-selenium)")
wait_module = pytest.importorskip("selenium.webdriver.support.wait")

EVIL = '<img src=x onerror="document.title=\'owned\'">'


@pytest.fixture(scope="module")
def browser():
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("chromium and chromedriver aren't installed (chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.chrome.service.Service(driver))
    made.set_page_load_timeout(60)
    yield made
    made.quit()


def login_in(directory):
    """(file, port)"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run([VERIFIER, "login", "--user", "me", "--out", directory / "login"], input="correct horse\n", text=True, check=True)
    return directory / "login", port


def url(login):
    return f"http://me:{urllib.parse.quote('correct horse')}@127.0.0.1:{login[1]}/"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    directory = tmp_path_factory.mktemp("page")
    login = login_in(directory)
    made = Daemon(directory, ["qemu:web1", "qemu:web2"], "2s", login=login)
    made.url, made.host = url(login), f"127.0.0.1:{login[1]}"
    yield made
    made.stop()


def answer_challenges(enclave):
    try:
        while True:
            kind, body = enclave.receive()
            if kind == CHALLENGE:
                enclave.heartbeat(body)
    except (EOFError, OSError):
        pass


def wait(browser, script, seconds=40):
    return wait_module.WebDriverWait(browser, seconds).until(lambda b: b.execute_script(script))


def test_a_person_sees_states_findings_and_the_alarm_by_keyboard_alone(daemon, browser):
    enclave = Enclave(daemon.socket, "qemu:web1")
    assert enclave.receive()[0] == WELCOME
    enclave.heartbeat(enclave.until(CHALLENGE))
    enclave.until(HEARD)
    enclave.send(RESULT, enclave.result(json.dumps({"title": EVIL, "severity": "critical", "attack": ["T1014"], "symbol": "sys_kill"}).encode()))
    enclave.until(KEPT)
    speaks = threading.Thread(target=answer_challenges, args=(enclave,), daemon=True)
    speaks.start()
    browser.get(daemon.url)
    wait(browser, "return document.querySelectorAll('#targets tbody tr').length === 2")
    words = wait(browser, "const state = document.querySelector('#targets td.healthy'); return state && state.closest('tr').textContent")
    assert words.startswith("qemu:web1healthy") and re.search(r"\(\d+ in all\)", words) and "none: this verifier believes anybody" in words
    assert browser.execute_script("return document.querySelectorAll('svg.timeline rect.healthy').length") >= 1
    # The enclave falls silent: the page says so by itself.
    enclave.socket.shutdown(socket.SHUT_RDWR)
    speaks.join(30)
    enclave.close()
    wait(browser, "return document.querySelectorAll('#targets td.missing').length === 2 && !document.getElementById('warning').hidden")
    assert "missing" in browser.title
    assert "proves nothing" in browser.execute_script("return document.getElementById('warning').textContent")
    assert browser.execute_script("return document.querySelectorAll('svg.timeline rect.missing').length") >= 2
    words = browser.execute_script("return document.querySelector('#targets tbody').textContent")
    assert "anybody" in words and "netstat, " in words and "epoch 7" in words and "source 1111111111111111" in words
    # What comes from a hostile machine is text.
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert EVIL in browser.execute_script("return document.getElementById('findings').textContent")
    # Tab goes to the finding's line, Enter opens it.
    keys = webdriver.Keys
    for _ in range(30):
        browser.switch_to.active_element.send_keys(keys.TAB)
        if browser.execute_script("return document.activeElement.closest('#findings') !== null"):
            break
    browser.switch_to.active_element.send_keys(keys.ENTER)
    wait(browser, "return document.querySelector('#findings details').open")
    assert "sys_kill" in browser.execute_script("return document.querySelector('#findings details[open]').textContent")
    # It stays open while the page is drawn anew.
    browser.execute_async_script("setTimeout(arguments[0], 4500)")
    assert browser.execute_script("return document.querySelector('#findings details').open")


def test_nothing_is_asked_of_another_server_and_nothing_is_complained_of(daemon, browser):
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [message["params"]["request"]["url"] for message in asked if message["method"] == "Network.requestWillBeSent"]
    assert urls and {urllib.parse.urlsplit(url).netloc.rpartition("@")[2] for url in urls} == {daemon.host}
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE" and "favicon" not in entry["message"]]
    assert complaints == []


def test_of_enclaves_that_showed_evidence_a_person_reads_the_verdict_and_who_was_refused(tmp_path, browser):
    login = login_in(tmp_path)
    daemon = started(tmp_path, *accepting_sim(), login=login, believes_anyone=False)
    try:
        enclave, stranger = Attested(daemon, "qemu:web1", "11"), Attested(daemon, "qemu:web2", "11")
        assert enclave.receive()[0] == WELCOME and stranger.receive()[0] == REFUSED
        enclave.heartbeat(enclave.until(CHALLENGE))
        enclave.until(HEARD)
        browser.get(url(login))
        wait(browser, "return document.querySelector('#targets td.healthy')")
        unknown, healthy = browser.execute_script("return [...document.querySelectorAll('#targets tbody tr')].map((row) => row.textContent)")
        assert healthy.startswith("qemu:web1healthy") and "accepted: a simulation under the fake root" in healthy and "1111111111111111…" in healthy
        assert unknown.startswith("qemu:web2unknown") and "none was shown" in unknown
        wait(browser, "return document.querySelector('#alerts details')")
        alert = browser.execute_script("return document.getElementById('alerts').textContent")
        assert "qemu:web2" in alert and "isn't among the target's reference values" in alert
        # What is proven isn't warned of.
        assert browser.execute_script("return document.getElementById('warning').hidden")
        enclave.close()
        stranger.close()
    finally:
        daemon.stop()
