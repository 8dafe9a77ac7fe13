"""The back office, as far as it goes: everything can be looked at by those who may, and nothing changed by anyone."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.actions import change_password, grant_staff
from accounts.actors import operator
from accounts.models import User
from inboxops.tests.factories import MembershipFactory, TicketFactory, UserFactory
from tickets.actions import Person, append_message, merge_tickets
from tickets.models import Ticket
from workspaces.actions import create_mailbox, create_token
from workspaces.mailboxes import SmtpServer
from workspaces.models import ApiToken, Mailbox, Role, Scope, SmtpSecurity, WorkspaceEvent

PASSWORD = "correct horse battery"


def registered():
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


# Rows of a workspace that staff may see: all but the users, who belong to no workspace.
TENANT_PAGES = [model for model in registered() if model is not User]


@pytest.fixture
def filled(workspace, ticket, actor, workspace_admin):
    """A workspace with a row on every page."""
    server = SmtpServer(
        host="smtp.acme.example", port=465, security=SmtpSecurity.TLS, username="help", password=PASSWORD
    )
    create_mailbox(workspace, address="help@acme.example", smtp=server, actor=operator())
    create_token(workspace_admin, scope=Scope.READ, actor=operator())
    append_message(ticket, body="Hello", send_email=True, actor=actor)
    merge_tickets(TicketFactory(workspace=workspace, requester=Person("d@x.example")), ticket, actor=actor)
    return workspace


@pytest.fixture
def log_in(client):
    def as_user(user, *, staff=True):
        change_password(user, password=PASSWORD, actor=operator())
        if staff:
            grant_staff(user, actor=operator())
        assert client.login(username=user.email, password=PASSWORD)
        return client

    return as_user


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def rows_of(model, workspace):
    lookup = {"pk": workspace.pk} if model is type(workspace) else {"workspace": workspace}
    return model.objects.filter(**lookup)


@pytest.mark.parametrize("model", TENANT_PAGES, ids=lambda model: model.__name__)
def test_staff_see_their_own_workspaces_rows_and_no_others(filled, workspace_admin, outsider, log_in, model):
    row = rows_of(model, filled).first()
    assert row is not None, f"The fixture `filled` needs a row of {model.__name__}."

    client = log_in(workspace_admin.user)
    assert client.get(page(model)).status_code == 200
    assert client.get(page(model, "change", row.pk)).status_code == 200

    client = log_in(outsider.user)
    listing = client.get(page(model))
    assert listing.status_code == 200
    assert str(row.pk) not in listing.content.decode()
    # Django sends whoever asks for a row that is not there back to the index.
    assert client.get(page(model, "change", row.pk)).status_code == 302


@pytest.mark.parametrize("model", registered(), ids=lambda model: model.__name__)
def test_nobody_adds_changes_or_deletes_here(filled, log_in, model):
    root = User.objects.create_superuser("root@acme.example", PASSWORD)
    client = log_in(root)
    row = model.objects.first()

    assert client.get(page(model, "change", row.pk)).status_code == 200
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(model, "change", row.pk), {"subject": "hacked", "name": "hacked"}).status_code == 403
    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(page(model)).content.decode()


def test_members_who_are_not_staff_stay_outside(filled, agent, log_in):
    client = log_in(agent.user, staff=False)

    assert client.get("/admin/").status_code == 302


def test_a_tokens_digest_is_never_shown(filled, workspace_admin, log_in):
    token = ApiToken.objects.filter(workspace=filled).first()
    shown = log_in(workspace_admin.user).get(page(ApiToken, "change", token.pk)).content.decode()

    assert token.prefix in shown
    assert token.digest not in shown


def test_a_mailboxs_password_is_never_shown(filled, workspace_admin, log_in):
    mailbox = Mailbox.objects.get(workspace=filled)
    client = log_in(workspace_admin.user)
    event = WorkspaceEvent.objects.get(workspace=filled, kind="mailbox.created")
    shown = client.get(page(Mailbox, "change", mailbox.pk)).content.decode()
    pages = [shown, *(client.get(page(*at)).content.decode() for at in ((Mailbox,), (type(event), "change", event.pk)))]

    assert "smtp.acme.example" in shown
    assert "Has password" in shown
    assert not [text for text in pages if PASSWORD in text or mailbox.smtp_secret in text]


def test_tokens_are_the_admins_business(filled, agent, log_in):
    shown = log_in(agent.user).get(page(ApiToken)).content.decode()

    assert ApiToken.objects.first().prefix not in shown


def test_only_superusers_see_the_users(filled, workspace_admin, log_in):
    assert log_in(workspace_admin.user).get(page(User)).status_code == 403


def test_the_ticket_list_costs_the_same_whatever_it_shows(
    filled, workspace_admin, log_in, django_assert_max_num_queries
):
    client = log_in(workspace_admin.user)
    client.get(page(Ticket))
    for _ in range(10):
        TicketFactory(workspace=filled)
    with django_assert_max_num_queries(8):
        client.get(page(Ticket))


def test_a_staff_member_of_two_workspaces_sees_both(filled, log_in):
    user = UserFactory()
    MembershipFactory(workspace=filled, user=user, role=Role.VIEWER)
    elsewhere = MembershipFactory(user=user, role=Role.VIEWER).workspace
    TicketFactory(workspace=elsewhere, subject="Elsewhere")

    shown = log_in(user).get(page(Ticket)).content.decode()
    assert "Elsewhere" in shown
    assert "Broken lamp" in shown


def test_the_front_door_leads_to_the_back_office(client, db):
    assert client.get("/").headers["Location"] == "/admin/"
    assert client.get("/admin").headers["Location"] == "/admin/"


def test_an_unknown_page_leads_back(client, db):
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert 'href="/admin/"' in response.content.decode()


def test_a_failing_page_says_where_to_look(client, db, monkeypatch):
    monkeypatch.setattr("django.contrib.admin.sites.AdminSite.each_context", lambda *args: 1 / 0)
    client.raise_request_exception = False

    response = client.get("/admin/login/")

    assert response.status_code == 500
    assert "X-Request-Id" in response.content.decode()
