"""`/healthz` and `/readyz`: for supervisors and load balancers, without a token, and without a word of detail."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import OperationalError
from django.test import Client

from inboxops import clock, health
from tickets.actions import append_message
from tickets.actions.dispatch import report_alive
from tickets.models import Delivery


@pytest.fixture
def probe():
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def test_a_process_that_answers_is_healthy(probe, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = probe.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_process_is_healthy_without_its_database(probe, monkeypatch):
    monkeypatch.setattr(health, "CHECKS", {"database": lambda: 1 / 0})

    assert probe.get("/healthz").status_code == 200


def test_ready_means_database_migrations_and_storage(probe, db):
    response = probe.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "storage": "ok"},
        "mail": "no worker",
    }


def test_a_worker_that_lives_is_told_of(probe, db):
    report_alive(uuid.uuid4(), "here:1")
    assert probe.get("/readyz").json()["mail"] == "ok"


def test_mail_that_is_late_is_told_of_and_the_web_server_is_ready_all_the_same(probe, ticket, actor):
    report_alive(uuid.uuid4(), "here:1")
    append_message(ticket, body="Hello", send_email=True, actor=actor)
    Delivery.objects.update(run_at=clock.now() - dt.timedelta(minutes=6))
    response = probe.get("/readyz")
    assert (response.status_code, response.json()["mail"]) == (200, "late")


def test_a_folder_for_files_must_be_writable_and_is_not_asked_for_with_a_bucket(probe, db, settings, tmp_path):
    (tmp_path / "a-file").write_text("")
    settings.FILES_DIR = tmp_path / "a-file" / "below-it"
    assert probe.get("/readyz").json()["checks"]["storage"] == "failed"

    bucket = {"BACKEND": "tickets.files.s3.BucketStore", "OPTIONS": {"bucket_name": "acme-support"}}
    settings.STORAGES = {**settings.STORAGES, "attachments": bucket}
    assert probe.get("/readyz").json()["checks"]["storage"] == "ok"


@pytest.fixture(autouse=True)
def _unsure_of_migrations(monkeypatch):
    monkeypatch.setattr(health, "_migrated", threading.Event())


def _no_database(monkeypatch, tmp_path, settings):
    def refuse(*args):
        raise OperationalError("connection to 10.1.2.3 refused")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", refuse)


def _a_migration_to_come(monkeypatch, tmp_path, settings):
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *args: [("a migration", False)]
    )


def _no_storage(monkeypatch, tmp_path, settings):
    (tmp_path / "a-file").write_text("")
    settings.DATA_DIR = tmp_path / "a-file" / "below-it"


@pytest.mark.parametrize(
    ("failing", "break_it"),
    [("database", _no_database), ("migrations", _a_migration_to_come), ("storage", _no_storage)],
    ids=["database", "migrations", "storage"],
)
def test_what_fails_is_named_and_the_reason_is_in_the_log(
    probe, db, monkeypatch, tmp_path, settings, caplog, failing, break_it
):
    with monkeypatch.context() as patch:
        break_it(patch, tmp_path, settings)
        response = probe.get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"][failing] == "failed"
    assert set(response.json()["checks"].values()) == {"ok", "failed"} or failing == "database"
    assert "10.1.2.3" not in response.content.decode()
    assert failing == "migrations" or f"The check {failing} failed" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_no_probe_is_kept_by_a_cache_or_asked_for_a_token(probe, db, path):
    response = probe.get(path)

    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/json"
    assert response["X-Request-Id"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_over_plain_http_is_not_redirected(probe, db, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    assert probe.get(path).status_code == 200
    assert probe.get("/admin/login/").status_code == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_comes_by_address(probe, db, path):
    assert probe.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_the_api_is_refused_over_plain_http_rather_than_redirected(probe, db, settings, problem):
    settings.SECURE_SSL_REDIRECT = True

    problem(probe.get("/v1/workspaces/current"), 403, "https_required")
