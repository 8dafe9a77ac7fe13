"""nginx as `deploy/nginx.conf` sets it up, in front of gunicorn: `pytest inboxops/tests/proxy`, with nginx and openssl.

The file is run as it is but for where things are: ports, the certificate, the logs. One process of four threads
serves, so that eight clients who hold a thread each are more than enough to bring it to a halt.
"""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from inboxops.tests.live import ROOT, Installation
from inboxops.tests.wire import OPEN_TICKET, Desk

THREADS = 4
HOST = "support.example.com"
STOP_SECONDS = 20

# What the operator's own nginx.conf says around ours. It compresses whatever it can: nothing of ours may be.
MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    gzip on;
    gzip_types *;
    gzip_proxied any;
    gzip_min_length 1;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/inboxops.conf;
}}
"""


def _moved(text, **places):
    """The configuration with each of these found and put elsewhere; a place that it does not know fails."""
    for old, new in places.items():
        assert old in text, f"deploy/nginx.conf has no {old!r} any more: tell inboxops/tests/proxy/conftest.py."
        text = text.replace(old, new)
    return text


class Proxy:
    """A running nginx: its port for HTTPS, the one for plain HTTP, and its logs."""

    def __init__(self, folder, tls):
        self.folder, self.tls = folder, tls
        self.https = self.http = None

    @contextlib.contextmanager
    def in_front_of(self, port):
        with socket.create_server(("127.0.0.1", 0)) as https, socket.create_server(("127.0.0.1", 0)) as http:
            self.https, self.http = https.getsockname()[1], http.getsockname()[1]
            self._write(port)
            # Sockets that are open already, by their numbers: how a new nginx takes over from an old one. So there is
            # no moment in which another program could take a port, and whoever connects is served, now or soon.
            inherited = (https.fileno(), http.fileno())
            process = subprocess.Popen(
                ["nginx", "-e", self.folder / "error.log", "-p", self.folder, "-c", self.folder / "nginx.conf"],
                env={**os.environ, "NGINX": "".join(f"{number};" for number in inherited)},
                stdin=subprocess.DEVNULL,
                pass_fds=inherited,
            )
        try:
            yield self
        finally:
            # The signal at which nginx ends what is under way, and logs it.
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)

    def _write(self, port):
        folder = str(self.folder)
        self.folder.joinpath("inboxops.conf").write_text(
            _moved(
                (ROOT / "deploy" / "nginx.conf").read_text(),
                **{
                    "http://127.0.0.1:8000": f"http://127.0.0.1:{port}",
                    "listen 80;": f"listen 127.0.0.1:{self.http};",
                    "listen 443 ssl;": f"listen 127.0.0.1:{self.https} ssl;",
                    "listen [::]:80;": "",
                    "listen [::]:443 ssl;": "",
                    "/etc/ssl/inboxops/": f"{folder}/",
                    "/var/log/nginx/": f"{folder}/",
                },
            )
        )
        user = "user root;" if os.geteuid() == 0 else ""
        self.folder.joinpath("nginx.conf").write_text(MAIN.format(folder=folder, user=user))

    def logs(self):
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture(scope="session")
def _certificate(tmp_path_factory):
    """A folder with a certificate for our host, and what a client needs to believe it."""
    assert shutil.which("nginx"), "Install nginx: apt-get install nginx-light"
    folder = tmp_path_factory.mktemp("nginx")
    certificate = folder / "fullchain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "privkey.pem", "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return folder, ssl.create_default_context(cafile=certificate)


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """Set up as docs/deployment.md says, but for the database."""
    return Installation(
        tmp_path_factory.mktemp("installation"),
        SECRET_KEY="b" * 50,
        INBOXOPS_BASE_URL=f"https://{HOST}",
        INBOXOPS_ALLOWED_HOSTS=HOST,
        INBOXOPS_BEHIND_PROXY="1",
    )


@pytest.fixture(scope="session")
def _opened(installation):
    return installation.shell(OPEN_TICKET)


@pytest.fixture(scope="session")
def gunicorn(installation):
    with installation.served(workers=1, threads=THREADS) as server:
        yield server
    log = server.log.read_text()
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def proxy(_certificate, gunicorn):
    with Proxy(*_certificate).in_front_of(gunicorn.port) as running:
        yield running


@pytest.fixture
def desk_at(_opened):
    """`desk_at(port, tls)`: our agent at this door. What they leave open is closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(port, tls=None, **headers):
            desk = Desk(port, _opened, tls=tls, headers={"Host": HOST, **headers})
            stack.callback(desk.close)
            return desk

        yield make


@pytest.fixture
def desk(desk_at, proxy):
    """Before the proxy, as clients are."""
    return desk_at(proxy.https, proxy.tls)


@pytest.fixture
def unguarded(desk_at, gunicorn):
    """Past the proxy, where no client ever should be."""
    return desk_at(gunicorn.port, **{"X-Forwarded-Proto": "https"})
