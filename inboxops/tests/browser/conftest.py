"""A browser before a whole installation: `pytest inboxops/tests/browser`, with Chromium and requirements-dev.txt.

`told` is what quickstart says of the demonstration that is served, `page` a fresh page there. A page that logs an
error, breaks its Content-Security-Policy or asks anybody else for anything fails its test at the end.
"""

import json
import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from inboxops.tests.live import Installation

# A machine may be busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def _demonstration(tmp_path_factory):
    """What quickstart told, and the server."""
    installation = Installation(tmp_path_factory.mktemp("installation"))
    told = json.loads(installation.manage("quickstart", "--no-serve", "--json"))
    with installation.served() as server:
        yield told, f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def told(_demonstration):
    """Token, staff user and the like."""
    return _demonstration[0]


@pytest.fixture(scope="session")
def _browser():
    executable = shutil.which("chromium")
    assert executable, "Install Chromium: apt-get install chromium"
    # The sandbox of Chromium does not work as root.
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def page(_browser, _demonstration):
    """A fresh page; relative addresses are those of the installation."""
    base = _demonstration[1]
    context = _browser.new_context(base_url=base)
    page = context.new_page()
    wrong = []
    # A violation of the policy is an error on the console.
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((base, "data:")) else wrong.append(request.url))
    yield page
    page.wait_for_load_state("networkidle")
    context.close()
    assert not wrong
