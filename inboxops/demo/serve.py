"""Where quickstart serves, under which address that is reached, and the server itself."""

import importlib.util
import ipaddress
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.http.request import validate_host

from inboxops import env

WORKERS, THREADS = 2, 4


class CannotServe(CommandError):
    """The address cannot be served."""


@dataclass(frozen=True)
class Place:
    """An address of this machine (numeric) and a port."""

    family: socket.AddressFamily
    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"{_in_url(self.address)}:{self.port}"


def place_of(bind: str, port: int) -> Place:
    """Where to serve. Raises CannotServe for an unknown name, and for one beyond loopback unless all is set for it."""
    try:
        found = socket.getaddrinfo(bind.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotServe(f"--bind: {bind!r} is not an address of this machine.") from error
    # IPv4 first, as most clients that are told "localhost".
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    place = Place(family, str(address[0]).partition("%")[0], port)
    if not place.is_loopback:
        _must_be_set_up_for_others(place)
    return place


def _must_be_set_up_for_others(place: Place) -> None:
    missing = []
    if not env.text("SECRET_KEY"):
        missing.append(
            "SECRET_KEY (secret, and the same at every start;"
            ' a fresh one: python3 -c "import secrets; print(secrets.token_urlsafe(50))")'
        )
    if settings.ONLY_LOOPBACK:
        missing.append("INBOXOPS_ALLOWED_HOSTS (the names and addresses under which clients reach it, with commas)")
    if missing:
        raise CannotServe(f"{place.address} can be reached from outside. Set before: {'; '.join(missing)}.")


def must_be_free(place: Place) -> None:
    """Raises CannotServe when something listens there, or the port cannot be had."""
    with socket.socket(place.family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.address, place.port))
        except OSError as error:
            raise CannotServe(
                f"{place} cannot be served: {os.strerror(error.errno or 0)}. Choose another port with --port."
            ) from error


def base_url_of(place: Place) -> str:
    """How clients reach what is served there.

    INBOXOPS_BASE_URL where that is an address of the outside world; on loopback the port decides, not the setting.
    """
    if env.text("INBOXOPS_BASE_URL") and not _is_loopback_name(urlsplit(settings.BASE_URL).hostname or ""):
        return str(settings.BASE_URL)
    named = [host for host in settings.ALLOWED_HOSTS if host != "*" and not host.startswith(".")]
    named.sort(key=_is_loopback_name)
    own = [] if ipaddress.ip_address(place.address).is_unspecified else [_in_url(place.address)]
    answering = [host for host in [*own, *named] if validate_host(host, settings.ALLOWED_HOSTS)]
    return f"http://{[*answering, *own, '127.0.0.1'][0]}:{place.port}"


def serve(place: Place, *, base_url: str, output_to_stderr: bool) -> None:
    """Become the server: this process is replaced, so that signals reach it and nothing is left behind.

    gunicorn where it is installed and runs, else Django's own. With `output_to_stderr` nothing more is written to
    standard output, whatever the server says.
    """
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    if output_to_stderr:
        os.dup2(2, 1)
    environment = {**os.environ, "INBOXOPS_BASE_URL": base_url}
    start_worker(environment)
    # The command is made of our own constants and a checked address.
    os.execve(sys.executable, [sys.executable, *server_arguments(place)], environment)  # noqa: S606


def start_worker(environment: Mapping[str, str]) -> None:
    """Start a worker that ends with this process, whatever becomes of it: they hold two ends of a pipe.

    Mail is printed unless the environment says how to send it: a demonstration must not write to anybody.
    """
    if not env.text("EMAIL_URL") and not env.text("INBOXOPS_MAIL_PROVIDER"):
        environment = {**environment, "EMAIL_URL": "consolemail://"}
    its_end, our_end = os.pipe()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work", "--until-eof"]
    subprocess.Popen(command, stdin=its_end, env=environment)  # noqa: S603 - made of our own constants
    os.close(its_end)
    # The server that this process becomes must hold it, too.
    os.set_inheritable(our_end, True)


def server_arguments(place: Place) -> list[str]:
    """What follows `python` to serve there."""
    if not gunicorn_runs():
        return [str(settings.BASE_DIR / "manage.py"), "runserver", "--noreload", str(place)]
    return [
        *("-m", "gunicorn", "inboxops.wsgi", "--config", "python:inboxops.demo.gunicorn_hooks"),
        *("--chdir", str(settings.BASE_DIR)),
        *("--bind", str(place)),
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
        # A list can have many filters.
        *("--limit-request-line", "8190"),
        # Requests are logged by our middleware, with their ids.
        "--no-control-socket",
    ]


def gunicorn_runs() -> bool:
    """Whether gunicorn is installed on a system that it knows (it needs `fork`)."""
    return hasattr(os, "fork") and importlib.util.find_spec("gunicorn") is not None


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _is_loopback_name(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
