"""The environment is read strictly: what cannot be understood stops the start with the variable's name."""

from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured

from inboxops import env

NAME = "INBOXOPS_TEST_VARIABLE"


@pytest.fixture
def given(monkeypatch):
    """Sets the variable, or with None takes it away."""

    def put(value):
        if value is None:
            monkeypatch.delenv(NAME, raising=False)
        else:
            monkeypatch.setenv(NAME, value)

    return put


@pytest.fixture(autouse=True)
def _known_as_before(monkeypatch):
    monkeypatch.setattr(env, "KNOWN", set(env.KNOWN))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *[(word, True) for word in ("1", "true", "TRUE", " yes ", "On")],
        *[(word, False) for word in ("0", "false", "No", "off", "", "  ")],
        (None, True),
    ],
)
def test_a_flag_is_one_of_eight_words(given, value, read):
    given(value)

    assert env.boolean(NAME, True) is read


@pytest.mark.parametrize(("value", "read"), [(None, 7), ("0", 0), (" 12 ", 12), ("007", 7), ("999999999", 999_999_999)])
def test_a_number_is_a_whole_one(given, value, read):
    given(value)

    assert env.integer(NAME, 7) == read


@pytest.mark.parametrize(
    ("value", "read"), [(None, []), ("", []), (" , ,", []), ("a", ["a"]), (" a , b,c ", ["a", "b", "c"])]
)
def test_words_are_parted_by_commas(given, value, read):
    given(value)

    assert env.words(NAME) == read


def test_hosts_are_names_addresses_and_networks(given):
    given("Relay.acme.example, db,10.0.0.0/24, 127.0.0.1, fd00::/8")

    assert env.hosts(NAME) == [
        "relay.acme.example",
        "db",
        ip_network("10.0.0.0/24"),
        ip_network("127.0.0.1/32"),
        ip_network("fd00::/8"),
    ]


@pytest.mark.parametrize("value", ["a_b", "10.0.0.1/24", "10.0.0.0/33", "127.1", "*.example", "relay:25", "a b"])
def test_what_is_no_host_stops_the_start(given, value):
    given(f"relay, {value}")

    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.hosts(NAME)


@pytest.mark.parametrize(
    ("value", "read"), [(None, (6, 60)), ("1/s", (1, 1)), ("100/min", (100, 60)), ("5/h", (5, 3_600)), ("", None)]
)
def test_a_rate_is_a_count_per_second_minute_or_hour(given, value, read):
    given(value)

    assert env.rate(NAME, "6/min") == read


def test_a_database_is_sqlite_or_a_postgres_url(given):
    given(None)
    assert env.database(NAME) is None

    given("postgres://someone:p%40ss@db.example:5433/inbox")
    config = env.database(NAME)
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["NAME"], config["HOST"], config["PORT"]) == ("inbox", "db.example", 5433)
    assert (config["USER"], config["PASSWORD"]) == ("someone", "p@ss")


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys", "unix"])
def test_a_cache_is_of_the_process_or_at_a_url(given, scheme):
    given(f"{scheme}://cache.example:6379/1")
    config = env.cache(NAME)
    assert config["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    assert config["LOCATION"].startswith(("redis://", "rediss://", "unix://"))

    given(None)
    assert env.cache(NAME)["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *[(lambda: env.boolean(NAME, False), word) for word in ("2", "ja", "tru", "y")],
        *[(lambda: env.integer(NAME, 1), word) for word in ("", "-1", "1.5", "ten", "1_000", "9" * 10)],
        (lambda: env.integer(NAME, 9, minimum=5), "4"),
        *[(lambda: env.choice(NAME, ("line", "json"), "line"), word) for word in ("", "JSON", "xml")],
        *[
            (lambda: env.rate(NAME, "6/min"), word)
            for word in ("6", "0/min", "6/day", "/min", "-6/s", "6 / s", "1e3/s")
        ],
        *[(lambda: env.database(NAME), url) for url in ("mysql://a/b", "inbox.sqlite3", "postgres://db.example")],
        (lambda: env.database(NAME), "postgres://db.example:port/inbox"),
        *[(lambda: env.cache(NAME), url) for url in ("http://cache.example", "memcached://a", "localhost:6379")],
    ],
    ids=range(28),
)
def test_anything_else_stops_the_start_with_the_variables_name(given, read, value):
    given(value)

    with pytest.raises(ImproperlyConfigured, match=NAME):
        read()


BUCKET = {"bucket_name": "b", "access_key": "a", "secret_key": "s", "endpoint_url": None, "addressing_style": "auto"}


def test_files_are_in_a_folder_that_is_made(given, tmp_path):
    given(None)

    store = env.file_store(NAME, tmp_path / "files", {})

    assert store["BACKEND"] == "tickets.files.local.LocalStore"
    assert (tmp_path / "files").stat().st_mode & 0o777 == 0o700


def test_a_bucket_has_an_address_that_can_be_asked(given, tmp_path):
    given("s3")
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.file_store(NAME, tmp_path, {**BUCKET, "endpoint_url": "s3.example.com"})


def test_a_bucket_needs_what_speaks_to_it(given, tmp_path, monkeypatch):
    given("s3")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-s3\.txt"):
        env.file_store(NAME, tmp_path, BUCKET)


def test_files_are_in_a_bucket_of_which_only_what_is_set_is_said(given, tmp_path, monkeypatch):
    given("s3")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())

    store = env.file_store(NAME, tmp_path / "files", BUCKET)

    assert store["BACKEND"] == "tickets.files.s3.BucketStore"
    assert store["OPTIONS"] == {"bucket_name": "b", "access_key": "a", "secret_key": "s"}
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize("missing", ["bucket_name", "access_key", "secret_key"])
def test_a_bucket_that_nobody_named_or_may_sign_for_stops_the_start(given, tmp_path, monkeypatch, missing):
    given("s3")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is s3: INBOXOPS_S3"):
        env.file_store(NAME, tmp_path, {**BUCKET, missing: ""})


def test_there_are_two_stores(given, tmp_path):
    given("ftp")
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.file_store(NAME, tmp_path, {})


def test_a_password_is_in_no_message(given):
    given("mysql://someone:hunter2@db.example/inbox")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(NAME)
    assert "hunter2" not in str(refused.value)

    given("memcached://:hunter2@cache.example")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.cache(NAME)
    assert "hunter2" not in str(refused.value)


def test_every_variable_that_is_read_is_noted(given):
    given(None)
    env.text(NAME)

    assert NAME in env.KNOWN


DJANGO = "django.core.mail.backends"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (None, ("localhost", 25, "", "", False, False)),
        ("", ("localhost", 25, "", "", False, False)),
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtp://mail.example/", ("mail.example", 25, "", "", False, False)),
        ("smtp://mail.example?tls=1", ("mail.example", 587, "", "", True, False)),
        ("smtp://mail.example:2525?tls=0", ("mail.example", 2525, "", "", False, False)),
        ("smtps://mail.example", ("mail.example", 465, "", "", False, True)),
        ("smtps://me%40x:p%23%2F%3F@[::1]:1465", ("::1", 1465, "me@x", "p#/?", False, True)),
    ],
    ids=range(8),
)
def test_mail_leaves_by_smtp(given, url, read):
    given(url)

    mail = env.mail(NAME, "smtp://localhost:25", "")

    assert mail.backend == f"{DJANGO}.smtp.EmailBackend"
    assert (mail.host, mail.port, mail.username, mail.password, mail.starttls, mail.tls) == read


def test_mail_is_shown_or_kept_in_a_folder_that_is_made(given, tmp_path):
    given("consolemail://")
    assert env.mail(NAME, "smtp://localhost:25", "").backend == f"{DJANGO}.console.EmailBackend"

    given(f"filemail://{tmp_path}/out%20box")
    mail = env.mail(NAME, "smtp://localhost:25", "")
    assert (mail.backend, mail.folder) == (f"{DJANGO}.filebased.EmailBackend", f"{tmp_path}/out box")
    assert (tmp_path / "out box").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example", "http://mail.example", "dummymail://", "smtp+tls://mail.example", "filemail://folder/out"),
        *(
            "filemail://",
            "smtp://",
            "smtp://:25",
            "smtp://mail.example:port",
            "smtp://mail.example:99999",
            "smtp://[::1",
        ),
        *(
            "smtp://mail.example/inbox",
            "smtp://mail.example?ssl=1",
            "smtp://mail.example?tls=yes",
            "smtp://mail.example#1",
        ),
        *("smtps://mail.example?tls=1", "smtp://hunter2@mail.example", "smtp://:hunter2@mail.example"),
        *("smtp://me:hunter2#1@mail.example", "smtp://me:hunter2/1@mail.example", "smtp://me:hunter2?1@mail.example"),
        *("smtp://me:[hunter2@mail.example", "hunter2://me"),
    ],
)
def test_any_other_way_for_mail_stops_the_start_and_shows_no_password(given, url):
    given(url)

    with pytest.raises(ImproperlyConfigured, match=NAME) as refused:
        env.mail(NAME, "smtp://localhost:25", "")
    if not url.startswith("hunter2"):
        assert "hunter2" not in str(refused.value)


def test_a_provider_is_one_that_anymail_knows(given):
    given(None)
    assert env.mail_provider(NAME) == ""

    given("amazon_ses")
    assert env.mail(NAME + "_URL", "smtp://localhost:25", env.mail_provider(NAME)).backend == (
        "anymail.backends.amazon_ses.EmailBackend"
    )

    for unknown in ("base", "console", "test", "Mailgun", "mailgunn"):
        given(unknown)
        with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be one of .*mailgun, "):
            env.mail_provider(NAME)


def test_mail_leaves_one_way_only(given):
    given("smtp://mail.example")
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.mail(NAME, "smtp://localhost:25", "mailgun")


def test_variables_that_begin_alike_are_read_together(monkeypatch):
    values = {"KEY": " s3cret ", "OFF": "False", "ON": "true", "NUMBER": "0123", "MORE": '{"a": [1]}', "LIST": "[1]"}
    for name, value in values.items():
        monkeypatch.setenv(f"{NAME}_{name}", value)

    read = {"KEY": "s3cret", "OFF": False, "ON": True, "NUMBER": "0123", "MORE": {"a": [1]}, "LIST": [1]}
    assert env.starting(f"{NAME}_…") == read

    monkeypatch.setenv(f"{NAME}_MORE", "{hunter2")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_MORE") as refused:
        env.starting(f"{NAME}_…")
    assert "hunter2" not in str(refused.value)
