"""The settings, read anew for each environment: what would be unsafe outside loopback is refused at the start."""

import os
import runpy
import stat
import subprocess
import sys

import pytest
from django.conf import settings as present
from django.core.exceptions import ImproperlyConfigured

from inboxops import env, secret_key
from inboxops.checks import mail_that_leaves, misspelt_settings, sqlite_version

PATH = present.BASE_DIR / "inboxops" / "settings.py"


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Reads the settings as a process with this environment would, and answers them."""
    monkeypatch.setattr(env, "KNOWN", set())

    def start(**environment):
        for name in list(os.environ):
            if name.startswith(("INBOXOPS_", "ANYMAIL_")) or name in (
                "SECRET_KEY",
                "SECRET_KEY_FALLBACKS",
                "DATABASE_URL",
                "CACHE_URL",
                "EMAIL_URL",
            ):
                monkeypatch.delenv(name)
        for name, value in {"INBOXOPS_DATA_DIR": str(tmp_path / "var"), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(PATH))

    return start


def test_nothing_set_is_sqlite_on_loopback_with_a_key_of_its_own(started, tmp_path):
    read = started()

    assert read["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert read["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert read["DEBUG"] is False
    key = tmp_path / "var" / "secret-key"
    assert read["SECRET_KEY"] == key.read_text().strip()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert started()["SECRET_KEY"] == read["SECRET_KEY"]


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "postgres://localhost/inbox"},
        {"INBOXOPS_BASE_URL": "https://inbox.example"},
        {"INBOXOPS_ALLOWED_HOSTS": "inbox.example"},
        {"INBOXOPS_ALLOWED_HOSTS": "localhost,*"},
        {"INBOXOPS_ALLOWED_HOSTS": ".example"},
    ],
    ids=lambda environment: "=".join(*environment.items()),
)
def test_anywhere_else_the_key_has_to_be_given(started, environment, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY must be set"):
        started(**environment)

    assert not (tmp_path / "var" / "secret-key").exists()
    assert started(SECRET_KEY="given", **environment)["SECRET_KEY"] == "given"


def test_old_keys_are_kept_for_a_rotation(started):
    read = started(SECRET_KEY="new", SECRET_KEY_FALLBACKS="old, older")

    assert read["SECRET_KEY_FALLBACKS"] == ["old", "older"]


@pytest.mark.parametrize("url", ["inbox.example", "ftp://inbox.example", "https://", "//inbox.example", "http://[", ""])
def test_an_address_that_is_none_stops_the_start(started, url):
    with pytest.raises(ImproperlyConfigured, match="INBOXOPS_BASE_URL"):
        started(INBOXOPS_BASE_URL=url, SECRET_KEY="x")


def test_https_makes_everything_of_the_browser_strict(started):
    read = started(INBOXOPS_BASE_URL="https://inbox.example/", SECRET_KEY="x")

    assert read["BASE_URL"] == "https://inbox.example"
    assert "inbox.example" in read["ALLOWED_HOSTS"]
    assert read["CSRF_TRUSTED_ORIGINS"] == ["https://inbox.example"]
    assert all(read[name] for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"))
    assert read["SECURE_HSTS_SECONDS"] > 0


def test_a_proxy_is_believed_only_when_told(started):
    assert "SECURE_PROXY_SSL_HEADER" not in started()
    assert started(INBOXOPS_BEHIND_PROXY="yes")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_sqlite_writers_queue_and_keep_their_references(started):
    options = started()["DATABASES"]["default"]["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert "foreign_keys=ON" in options["init_command"]
    assert "journal_mode=WAL" in options["init_command"]


@pytest.mark.parametrize(("size", "pool"), [("8", {"min_size": 1, "max_size": 8, "timeout": 10}), ("0", None)])
def test_postgresql_has_a_pool_unless_it_is_switched_off(started, size, pool):
    database = started(SECRET_KEY="x", DATABASE_URL="postgres://localhost/inbox", INBOXOPS_DB_POOL=size)["DATABASES"]

    assert database["default"]["OPTIONS"].get("pool") == pool


def test_the_limits_of_a_session_are_given_to_postgresql(started):
    database = started(
        SECRET_KEY="x",
        DATABASE_URL="postgres://localhost/inbox",
        INBOXOPS_STATEMENT_TIMEOUT="15",
        INBOXOPS_LOCK_TIMEOUT="3",
    )["DATABASES"]["default"]

    assert "statement_timeout=15s" in database["OPTIONS"]["options"]
    assert "lock_timeout=3s" in database["OPTIONS"]["options"]


@pytest.mark.parametrize(
    "name",
    ["INBOXOPS_DEBUG", "INBOXOPS_DB_POOL", "INBOXOPS_RATE_LIMIT", "INBOXOPS_LOG_FORMAT", "INBOXOPS_LOG_LEVEL"],
)
def test_nonsense_in_a_variable_stops_the_start_with_its_name(started, name):
    with pytest.raises(ImproperlyConfigured, match=name):
        started(**{name: "nonsense"})


@pytest.mark.parametrize(("module", "limit"), [("inboxops.wsgi", "15s"), ("django", "0s")])
def test_only_the_web_process_bounds_its_statements(tmp_path, module, limit):
    program = (
        f"import django, {module}; django.setup(); from django.conf import settings;"
        "print(settings.DATABASES['default']['OPTIONS']['options'])"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "inboxops.settings",
        "DATABASE_URL": "postgres://localhost/inbox",
        "SECRET_KEY": "x",
        "INBOXOPS_DATA_DIR": str(tmp_path),
    }
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=present.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"statement_timeout={limit}" in told.stdout


def test_two_processes_that_start_together_agree_on_a_key(tmp_path, monkeypatch):
    path = tmp_path / "var" / "secret-key"
    link = os.link

    def late(draft, target):
        target.write_text("the other's\n")
        link(draft, target)

    monkeypatch.setattr(secret_key.os, "link", late)

    assert secret_key.read_or_create(path) == "the other's"
    assert [file.name for file in path.parent.iterdir()] == ["secret-key"]


def test_a_misspelt_variable_is_named_by_a_check(monkeypatch):
    monkeypatch.setenv("INBOXOPS_RATE_LIMITS", "1/s")

    [warning] = [found for found in misspelt_settings(None) if "INBOXOPS_RATE_LIMITS" in found.msg]
    assert (warning.id, bool(warning.hint)) == ("inboxops.W001", True)


def test_a_sqlite_that_is_too_old_is_named_by_a_check(monkeypatch, settings):
    settings.USES_SQLITE = True
    assert sqlite_version(None) == []

    monkeypatch.setattr("inboxops.checks.sqlite3.sqlite_version_info", (3, 34, 1))
    assert [found.id for found in sqlite_version(None)] == ["inboxops.E001"]

    settings.USES_SQLITE = False
    assert sqlite_version(None) == []


def test_mail_leaves_through_this_machine_unless_told_otherwise(started):
    read = started()

    assert (read["EMAIL_BACKEND"], read["EMAIL_HOST"], read["EMAIL_PORT"]) == (
        "django.core.mail.backends.smtp.EmailBackend",
        "localhost",
        25,
    )
    assert read["MAIL_TIMEOUT"] == read["EMAIL_TIMEOUT"] == read["ANYMAIL"]["REQUESTS_TIMEOUT"] == 30


def test_a_provider_has_its_settings_from_the_environment(started):
    read = started(
        INBOXOPS_MAIL_PROVIDER="mailgun",
        INBOXOPS_MAIL_TIMEOUT="9",
        ANYMAIL_MAILGUN_API_KEY="s3cret",
        ANYMAIL_IGNORE_UNSUPPORTED_FEATURES="false",
    )

    assert read["EMAIL_BACKEND"] == "anymail.backends.mailgun.EmailBackend"
    assert read["ANYMAIL"] == {
        "IGNORE_UNSUPPORTED_FEATURES": False,
        "REQUESTS_TIMEOUT": 9,
        "MAILGUN_API_KEY": "s3cret",
    }


def test_a_provider_without_its_key_is_named_by_the_checks(settings):
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.mailgun.EmailBackend", {}
    [error] = mail_that_leaves(None)
    assert error.id == "inboxops.E002"
    assert "MAILGUN_API_KEY" in error.msg

    settings.ANYMAIL = {"MAILGUN_API_KEY": "s3cret"}
    assert mail_that_leaves(None) == []
