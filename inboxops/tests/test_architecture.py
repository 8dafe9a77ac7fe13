"""Rules about the code itself. Each failure says what to do; an exemption has its reason and fails once it is stale."""

import ast
import functools
import inspect
import io
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import models

import accounts.actions
import tickets.actions
import workspaces.actions
from accounts.actors import Actor, operator
from accounts.models import AccountEvent
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import Changes
from tickets.actions.upload import Received
from tickets.models import Delivery, TicketEvent
from tickets.workflow import DeliveryState, News, Priority, Status
from workspaces.mailboxes import MailboxChanges
from workspaces.models import Role, Scope, WorkspaceEvent
from workspaces.tenancy import tenant_models

ROOT = Path(settings.BASE_DIR)
OUR_APPS = ("accounts", "workspaces", "tickets", "inboxops")


@functools.cache
def modules():
    """Our modules as (path from the root, syntax tree), without tests and migrations."""
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text()))
        for app in OUR_APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if not {"tests", "migrations"} & set(path.parts)
    ]


def imported_names(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


# Whoever stands further right may import those further left, never the other way round.
LAYERS = ("accounts", "workspaces", "tickets")
FOUNDATION = (
    *("inboxops.api", "inboxops.errors", "inboxops.ids", "inboxops.clock", "inboxops.db", "inboxops.env"),
    *("inboxops.sealed", "inboxops.unset"),
)


def test_imports_go_one_way():
    wrong = []
    for path, tree in modules():
        place = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        app = place.partition(".")[0]
        if app in LAYERS:
            forbidden = LAYERS[LAYERS.index(app) + 1 :]
        elif place.startswith(FOUNDATION):
            forbidden = LAYERS
        else:
            continue
        wrong += [f"{path} imports {name}" for name in imported_names(tree) if name.partition(".")[0] in forbidden]
    assert not wrong, f"accounts <- workspaces <- tickets, the foundation below them all: {wrong}"


# Calls that write to the database.
WRITING = {"save", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "create"}
# Where they may stand, and why.
WRITERS = {
    "accounts/actions.py": "the actions",
    "workspaces/actions.py": "the actions",
    "tickets/actions/": "the actions",
    "tickets/contacts.py": "called by the actions, in their transaction",
    "tickets/search/": "called by the actions, in their transaction",
    "tickets/outbox.py": "called by the actions, in their transaction",
    "tickets/attachments.py": "called by the actions, in their transaction",
    "tickets/leftovers.py": "removes what nobody asks for any more",
    "accounts/models.py": "Django's own createsuperuser comes in here",
    "workspaces/api/idempotency.py": "stored answers are the API's own",
    "tickets/management/commands/purge.py": "removes what has expired",
}


def database_writes(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("insert_rows", "update_row"):
            yield node.lineno
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        chain, verb = ast.unparse(node.func.value), node.func.attr
        writes = verb in WRITING and not chain.startswith(("super()", "cache", "actions"))
        if writes or (verb == "update" and (".objects" in chain or "filter(" in chain)):
            yield node.lineno


def test_only_actions_write():
    found = {path: list(database_writes(tree)) for path, tree in modules()}
    allowed = {path for path in found if path.startswith(tuple(WRITERS))}
    wrong = {path: lines for path, lines in found.items() if lines and path not in allowed}
    # The last use of a token is noted where it is used: not a change of anything that anybody decided.
    assert wrong.keys() <= {"workspaces/api/authentication.py"}, f"Write an action and call it instead: {wrong}"


# Who may send mail: the worker, and what it is made of. A system check tries whether the backend can be made.
SENDERS = ("tickets/mail/", "tickets/management/commands/work.py", "inboxops/checks.py")


def test_no_mail_leaves_but_by_a_worker():
    """Neither a web request nor an action can: they import nothing that sends."""
    sending = ("smtplib", "django.core.mail", "tickets.mail.transport", "tickets.mail.sending", "tickets.mail.worker")
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules()
        if not path.startswith(SENDERS)
        for name in imported_names(tree)
        if name.startswith(sending)
    ]
    assert not wrong, f"Queue a delivery instead; a worker sends it: {wrong}"


def test_no_exemption_is_stale():
    writing = [path for path, tree in modules() if list(database_writes(tree))]
    stale = [place for place in WRITERS if not any(path.startswith(place) for path in writing)]
    assert not stale, f"These write nothing any more; take them off the list: {stale}"


class Scene:
    """What the actions need to act upon."""

    def __init__(self):
        self.actor = operator()
        self.member = MembershipFactory(role=Role.AGENT)
        self.workspace = self.member.workspace
        MembershipFactory(workspace=self.workspace, role=Role.ADMIN)
        self.ticket = TicketFactory(workspace=self.workspace)
        self.other = TicketFactory(workspace=self.workspace)
        self.address = self.ticket.requester.email

    def message(self, **kwargs):
        return tickets.actions.append_message(self.ticket, body="Hello", actor=self.agent, **kwargs)

    @property
    def agent(self):
        return Actor(
            door="api",
            access=self.actor.access,
            workspace_id=self.workspace.pk,
            user_id=self.member.user_id,
        )

    def delivery(self):
        return Delivery.objects.get(message=self.message(send_email=True))

    def announced(self):
        return tickets.actions.request_upload(self.ticket, filename="a.txt", size=7, actor=self.actor)

    def cancelled(self):
        return tickets.actions.cancel_delivery(self.delivery().message, actor=self.actor).message

    def archived(self):
        return tickets.actions.archive_ticket(self.ticket, actor=self.actor)

    def merged(self):
        tickets.actions.merge_tickets(self.ticket, self.other, actor=self.actor)
        return self.ticket

    def mailbox(self):
        return workspaces.actions.create_mailbox(self.workspace, address="m@team.example", actor=self.actor)

    def token(self):
        return workspaces.actions.create_token(self.member, scope=Scope.READ, actor=self.actor)[0]


# One call per action: prepare(scene) -> (arguments, keyword arguments).
CALLS = {
    "accounts.create_user": lambda s: ((), {"email": "new@team.example"}),
    "accounts.change_password": lambda s: ((s.member.user,), {"password": "correct horse battery"}),
    "accounts.grant_staff": lambda s: ((s.member.user,), {}),
    "workspaces.create_workspace": lambda s: ((), {"slug": "new-team", "name": "New"}),
    "workspaces.rename_workspace": lambda s: ((s.workspace,), {"name": "Renamed"}),
    "workspaces.add_member": lambda s: ((s.workspace,), {"user": MembershipFactory().user, "role": Role.VIEWER}),
    "workspaces.change_role": lambda s: ((s.member,), {"role": Role.VIEWER}),
    "workspaces.remove_member": lambda s: ((s.member,), {}),
    "workspaces.create_token": lambda s: ((s.member,), {"scope": Scope.READ}),
    "workspaces.revoke_token": lambda s: ((s.token(),), {}),
    "workspaces.create_mailbox": lambda s: ((s.workspace,), {"address": "help@team.example"}),
    "workspaces.update_mailbox": lambda s: ((s.mailbox(),), {"changes": MailboxChanges(name="Help")}),
    "workspaces.reseal_mailbox": lambda s: ((s.mailbox(),), {}),
    "tickets.create_ticket": lambda s: ((s.workspace,), {"subject": "S", "body": "B"}),
    "tickets.append_message": lambda s: ((s.ticket,), {"body": "B"}),
    "tickets.update_ticket": lambda s: ((s.ticket,), {"changes": Changes(priority=Priority.HIGH)}),
    "tickets.transition_ticket": lambda s: ((s.ticket,), {"to": Status.CLOSED}),
    "tickets.archive_ticket": lambda s: ((s.ticket,), {}),
    "tickets.unarchive_ticket": lambda s: ((s.archived(),), {}),
    "tickets.merge_tickets": lambda s: ((s.ticket, s.other), {}),
    "tickets.unmerge_ticket": lambda s: ((s.merged(),), {}),
    "tickets.split_ticket": lambda s: ((s.ticket,), {"message_ids": [s.message().pk]}),
    "tickets.request_upload": lambda s: ((s.ticket,), {"filename": "a.txt", "size": 7}),
    "tickets.confirm_upload": lambda s: ((s.ticket, s.announced().pk), {"received": Received("key", "text/plain")}),
    "tickets.discard_upload": lambda s: ((s.announced(),), {}),
    "tickets.add_file": lambda s: ((s.ticket,), {"filename": "a.txt", "content": io.BytesIO(b"A lamp.")}),
    "tickets.cancel_delivery": lambda s: ((s.delivery().message,), {}),
    "tickets.resend_delivery": lambda s: ((s.cancelled(),), {}),
    "tickets.track_delivery": lambda s: ((s.delivery(),), {"address": s.address, "news": News.COMPLAINED}),
    "tickets.settle_delivery": lambda s: ((s.delivery(),), {"state": DeliveryState.SENT}),
}


def all_actions():
    for module in (accounts.actions, workspaces.actions, tickets.actions):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__.startswith(module.__name__)
            if own and not name.startswith("_") and "actor" in inspect.signature(function).parameters:
                yield f"{module.__name__.partition('.')[0]}.{name}", function


ACTIONS = dict(all_actions())


def test_every_action_has_a_call_here():
    assert set(ACTIONS) == set(CALLS), "Add a call for a new action to CALLS, or remove the one that is gone."


# Why an action records nothing.
SILENT = {
    "tickets.request_upload": "a file is announced, and may never come",
    "workspaces.reseal_mailbox": "the same password, encrypted anew",
}


def count_events():
    return sum(model.objects.count() for model in (AccountEvent, WorkspaceEvent, TicketEvent))


@pytest.mark.parametrize("name", CALLS)
def test_every_action_records_an_event(db, name):
    scene = Scene()
    arguments, options = CALLS[name](scene)
    before = count_events()

    ACTIONS[name](*arguments, actor=scene.actor, **options)

    if name in SILENT:
        assert count_events() == before, f"{name} records something: take it off the list."
    else:
        assert count_events() > before, f"{name} must record what happened, in its own transaction."


@pytest.mark.parametrize("name", CALLS)
def test_every_action_takes_its_actor_by_keyword_and_tells_what_it_does(name):
    parameter = inspect.signature(ACTIONS[name]).parameters["actor"]

    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.default is inspect.Parameter.empty, "Nobody acts by default."
    assert "ecords" in (ACTIONS[name].__doc__ or ""), "The docstring says which events the action records."


def test_every_command_teaches_how_it_is_used():
    ours = [name for name, app in get_commands().items() if app in OUR_APPS]
    silent = [name for name in ours if len(load_command_class(get_commands()[name], name).help) < 60]
    assert ours
    assert not silent, f"Give these commands a help text that teaches: {silent}"


def test_every_row_of_a_tenant_has_a_workspace():
    """A model without one is global by decision, not by oversight."""
    globals_by_decision = {"User", "AccountEvent", "Workspace", "Worker"}
    tenants = set(tenant_models())
    ours = {model for model in apps.get_models() if model._meta.app_label in OUR_APPS}
    without = {model.__name__ for model in ours - tenants}
    assert without == globals_by_decision, "Give the model a workspace, or name it here with the others."
    assert all(not model._meta.get_field("workspace").null for model in tenants)


def test_indexes_and_uniqueness_of_tenants_begin_with_the_workspace():
    """Sharding by workspace must stay a choice of deployment."""
    exempt = {
        "api_token_prefix": "a token names its workspace, not the other way round",
        "ticket_tag_once": "the ticket's own workspace",
        "merged_message_once": "the merge's own workspace",
        "delivery_due": "workers take what is due, whose ever it is",
    }
    wrong = []
    for model in tenant_models():
        for index in model._meta.indexes:
            first = index.fields[0] if index.fields else index.expressions[0].name
            if first != "workspace" and index.name not in exempt:
                wrong.append(index.name)
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.name not in exempt:
                first = constraint.fields[0] if constraint.fields else constraint.expressions[0].name
                if first != "workspace":
                    wrong.append(constraint.name)
    assert not wrong, f"Put workspace first in: {wrong}"


def test_ids_are_made_in_the_application():
    """A global sequence would tie all workspaces to one database. The search index alone needs a number."""
    numbered = {
        model.__name__
        for model in tenant_models()
        if isinstance(model._meta.pk, models.AutoField | models.BigAutoField)
    }
    assert numbered == {"SearchDocument"}


def test_events_are_never_changed():
    changing = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("update", "delete")
        and "Event.objects" in ast.unparse(node.value)
    ]
    assert not changing, f"Events are append-only: {changing}"
