"""Readers for the environment. Whatever cannot be understood stops the start with the variable's name.

Every reader notes its variable in `KNOWN`, so that a system check can name misspelt `INBOXOPS_…` variables and
a test can hold `docs/configuration.md` to the list.
"""

import importlib.util
import ipaddress
import json
import os
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import anymail.backends
import environ
from django.core.exceptions import ImproperlyConfigured

KNOWN: set[str] = set()

# A host name (RFC 1123). The last label begins with a letter: what is all numbers is meant as an address.
HOST_NAME = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable as it stands, without surrounding blanks; `default` where it is not set."""
    KNOWN.add(name)
    return os.environ.get(name, default).strip()


def boolean(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off. Raises ImproperlyConfigured for anything else."""
    value = text(name, "1" if default else "0").lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off; it is {value!r}.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number from `minimum` on. Raises ImproperlyConfigured for anything else."""
    value = text(name, str(default))
    if not re.fullmatch(r"\d{1,9}", value) or int(value) < minimum:
        raise ImproperlyConfigured(f"{name} must be a whole number from {minimum} on; it is {value!r}.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """The comma-separated values of the variable, blanks removed."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def hosts(name: str) -> list[str | ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The comma-separated host names, addresses and networks; an address is a network of one.

    Raises ImproperlyConfigured for anything else.
    """
    return [_host_or_network(name, word) for word in words(name)]


def _host_or_network(name: str, word: str) -> str | ipaddress.IPv4Network | ipaddress.IPv6Network:
    if re.fullmatch(HOST_NAME, word):
        return word.lower()
    try:
        return ipaddress.ip_network(word)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {word!r} is neither a host name nor a network: {error}.") from error


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    """One of `options`. Raises ImproperlyConfigured for anything else."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}; it is {value!r}.")
    return value


def rate(name: str, default: str) -> tuple[int, int] | None:
    """A limit such as `6000/min` as (requests, seconds); None when the variable is set to nothing.

    Raises ImproperlyConfigured for anything that is not COUNT/s, COUNT/min or COUNT/h.
    """
    value = text(name, default)
    if not value:
        return None
    match = re.fullmatch(r"([1-9]\d{0,8})/(s|min|h)", value)
    if not match:
        raise ImproperlyConfigured(f"{name} must look like 6000/min (or /s, /h), or be empty; it is {value!r}.")
    return int(match[1]), {"s": 1, "min": 60, "h": 3600}[match[2]]


def make_folder(path: Path, name: str) -> None:
    """Make sure the folder is there. Raises ImproperlyConfigured, with the variable's name, where that cannot be."""
    try:
        # What customers write is nobody else's on this machine.
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {path} cannot be used as a folder: {error}.") from error


def database(name: str) -> dict[str, object] | None:
    """Django's settings for a `postgres://` URL; None when the variable is not set.

    Raises ImproperlyConfigured for any other scheme and for what cannot be parsed.
    """
    value = text(name)
    if not value:
        return None
    if not value.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"{name} must be a postgres:// URL. Leave it unset to use SQLite.")
    try:
        config: dict[str, object] = environ.Env.db_url_config(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read as a URL: {error}.") from error
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database: postgres://user:password@host:5432/NAME.")
    return config


def cache(name: str) -> dict[str, object]:
    """Django's settings for the cache at a `redis://` or `valkey://` URL; where not set, a cache of this process.

    `rediss://` (TLS) and `unix://` (a socket) do, too. Raises ImproperlyConfigured for any other scheme.
    """
    value = text(name)
    if not value:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "inboxops",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    address = re.sub(r"^valkey(s?)://", r"redis\1://", value)
    if not address.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"{name} must be a redis:// or valkey:// URL; it starts with {value[:12]!r}.")
    # Within every request: a server that does not answer must not hold them all.
    patience = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address, "OPTIONS": patience}


def file_store(name: str, folder: Path, bucket: Mapping[str, object]) -> dict[str, object]:
    """Django's settings for the store of files: `local`, in this folder, or `s3`, in this bucket.

    Raises ImproperlyConfigured for anything else, for a folder that cannot be used, and for a bucket that nobody named
    or may sign for.
    """
    if choice(name, ("local", "s3"), "local") == "local":
        make_folder(folder, "INBOXOPS_FILES_DIR")
        options = {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "tickets.files.local.LocalStore", "OPTIONS": options}
    if bucket["endpoint_url"] and not re.match(r"https?://[^/]", str(bucket["endpoint_url"])):
        raise ImproperlyConfigured(f"{name} is s3: INBOXOPS_S3_ENDPOINT must be an http(s) address.")
    if importlib.util.find_spec("boto3") is None or importlib.util.find_spec("storages") is None:
        raise ImproperlyConfigured(f"{name} is s3: install what is in requirements-s3.txt.")
    for option, variable in (("bucket_name", "BUCKET"), ("access_key", "ACCESS_KEY"), ("secret_key", "SECRET_KEY")):
        if not bucket[option]:
            # Left to itself, boto would look for keys in files and on the network.
            raise ImproperlyConfigured(f"{name} is s3: INBOXOPS_S3_{variable} must be set.")
    given = {option: value for option, value in bucket.items() if value not in (None, "auto")}
    return {"BACKEND": "tickets.files.s3.BucketStore", "OPTIONS": given}


class MailSettings(NamedTuple):
    """Django's settings for mail that leaves: `EMAIL_BACKEND`, `EMAIL_HOST` and so on."""

    backend: str
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""
    # TLS after STARTTLS, and from the first byte.
    starttls: bool = False
    tls: bool = False
    folder: str | None = None


def mail(name: str, default: str, provider: str) -> MailSettings:
    """How mail leaves: by the provider, where one is named, else by the URL.

    `smtp://user:password@host:587?tls=1` (STARTTLS), `smtps://` (TLS from the first byte), `consolemail://`,
    `filemail:///folder`. Raises ImproperlyConfigured for anything else, and when both are given.
    """
    if provider:
        if text(name):
            raise ImproperlyConfigured(f"{name} and INBOXOPS_MAIL_PROVIDER are both set; mail leaves one way only.")
        return MailSettings(f"anymail.backends.{provider}.EmailBackend")
    try:
        url = urlsplit(text(name, default) or default)
        if url.scheme in ("smtp", "smtps"):
            return _smtp(name, url)
    except ValueError as error:
        # Not the error's words: they may show the password.
        raise ImproperlyConfigured(f"{name} cannot be read as a URL: {type(error).__name__}.") from None
    if url.scheme == "consolemail":
        return MailSettings("django.core.mail.backends.console.EmailBackend")
    if url.scheme == "filemail" and url.path.startswith("/") and not url.netloc:
        make_folder(Path(unquote(url.path)), name)
        return MailSettings("django.core.mail.backends.filebased.EmailBackend", folder=unquote(url.path))
    raise ImproperlyConfigured(
        f"{name} must be smtp://, smtps://, consolemail:// or filemail:///FOLDER; it starts with {url.scheme[:12]!r}."
    )


def _smtp(name: str, url: SplitResult) -> MailSettings:
    """The settings for `smtp://` and `smtps://`. Raises ValueError for what is no URL."""
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    starttls = options.pop("tls", "0")
    if not url.hostname or url.path not in ("", "/") or url.fragment or options or starttls not in ("0", "1"):
        raise ImproperlyConfigured(
            f"{name} must look like smtp://user:password@host:587?tls=1 or smtps://user:password@host:465, with"
            " what is special in a URL written as %23."
        )
    username, password = unquote(url.username or ""), unquote(url.password or "")
    if bool(username) != bool(password):
        raise ImproperlyConfigured(f"{name} must have both a user and a password, or neither.")
    if url.scheme == "smtps" and starttls == "1":
        raise ImproperlyConfigured(f"{name}: smtps:// begins with TLS, and tls=1 is for smtp://.")
    port = url.port or (465 if url.scheme == "smtps" else 587 if starttls == "1" else 25)
    return MailSettings(
        "django.core.mail.backends.smtp.EmailBackend",
        url.hostname,
        port,
        username,
        password,
        starttls=starttls == "1",
        tls=url.scheme == "smtps",
    )


def mail_provider(name: str) -> str:
    """The name of a provider that anymail knows; nothing where it is not set. Raises ImproperlyConfigured otherwise."""
    modules = {module.name for module in pkgutil.iter_modules(anymail.backends.__path__)}
    known = sorted(modules - {"base", "base_requests", "console", "test"})
    return choice(name, ("", *known), "")


def starting(name: str) -> dict[str, object]:
    """The variables that start with `name` (written `ANYMAIL_…`), by the rest of theirs.

    `true` and `false` are read as such, and what starts with { or [ as JSON; everything else is text. Raises
    ImproperlyConfigured for JSON that is none.
    """
    prefix = name.rstrip("…")
    return {key.removeprefix(prefix): _value(key) for key in sorted(os.environ) if key.startswith(prefix)}


def _value(name: str) -> object:
    value = os.environ[name].strip()
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} cannot be read as JSON: {error}.") from None
    return value
