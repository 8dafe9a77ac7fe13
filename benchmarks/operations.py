"""What is measured: one operation each, as requests made beforehand. The floor has its own address for some of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from benchmarks.client import Client, http
from benchmarks.desks import TAGS
from benchmarks.state import State, Tenant
from benchmarks.stories import RARE_TICKETS
from benchmarks.words import COMMON_WORDS, RARE_WORD, some_text
from tickets.models import Contact, Ticket
from tickets.workflow import Priority, Status
from workspaces.models import Membership

Requests = Callable[[int], bytes]

DEEP = 10_000
SAMPLE = 40_000


@dataclass(frozen=True)
class Operation:
    """`request(n)` is the n-th request to the product; `floor(n)` the same to the floor, where it has one."""

    name: str
    request: Requests
    floor: Requests | None = None


class Caller:
    """Makes requests of one workspace."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._headers = {"Authorization": f"Bearer {tenant.token}", "x-workspace-id": tenant.slug}

    def get(self, path: str) -> bytes:
        """A read; `path` follows the workspace."""
        return http("GET", self._url(path), self._headers)

    def write(self, method: str, path: str, body: Any) -> bytes:
        """A write with a JSON body."""
        return http(method, self._url(path), self._headers, body)

    def post(self, path: str, body: Any) -> bytes:
        """A POST."""
        return self.write("POST", path, body)

    def floor(self, method: str, path: str, body: Any = None) -> bytes:
        """The same of the floor, which asks nobody who they are."""
        return http(method, f"/floor/{self.tenant.workspace_id}/{path}", {}, body)

    def _url(self, path: str) -> str:
        return f"/v1/workspaces/{self.tenant.slug}/{path}"


@dataclass(frozen=True)
class Material:
    """Tickets and people of a workspace, drawn by lot. No two operations share a ticket that one of them writes."""

    detail: Sequence[str]
    append: Sequence[str]
    append_floor: Sequence[str]
    patch: Sequence[str]
    merge: Sequence[str]
    open: Sequence[str]
    assignee: str
    emails: Sequence[str]


def material_of(tenant: Tenant, chance: Random) -> Material:
    """Draw lots. Refuses (SystemExit) a workspace without tickets to work on."""
    everything = Ticket.objects.in_workspace(tenant.workspace_id)
    last = everything.order_by("-number").values_list("number", flat=True).first() or 0
    numbers = chance.sample(range(1, last + 1), min(SAMPLE, last))
    usable = everything.not_merged().not_archived().filter(number__in=numbers, message_count=5)
    found = [(str(pk), status) for pk, status in usable.order_by("number").values_list("pk", "status")]
    chance.shuffle(found)
    # A ticket that is not closed changes hands by status alone.
    open_tickets = [pk for pk, status in found if status == Status.OPEN]
    others = [pk for pk, status in found if status != Status.OPEN]
    fifth = len(others) // 5
    if not open_tickets or fifth < 2:
        raise SystemExit(f"There are too few tickets in {tenant.slug}: load more.")
    member = Membership.objects.filter(workspace=tenant.workspace_id).order_by("pk")[1]
    emails = Contact.objects.filter(workspace=tenant.workspace_id).order_by("pk").values_list("email", flat=True)[:1000]
    return Material(
        detail=others[:fifth],
        append=others[fifth : 2 * fifth],
        append_floor=others[2 * fifth : 3 * fifth],
        patch=others[3 * fifth : 4 * fifth],
        merge=others[4 * fifth :],
        open=open_tickets,
        assignee=str(member.user_id),
        emails=list(emails),
    )


def operations_of(state: State, cookie: str, port: int, chance: Random) -> list[Operation]:
    """Everything that is measured, in the order of the table. Asks the server once, for a cursor."""
    caller, material = Caller(state.big), material_of(state.big, chance)
    texts = [some_text(chance, 55) for _ in range(100)]
    depth = min(DEEP, state.tickets // 4)
    answer = Client(port).send(caller.get(f"tickets?limit=1&offset={depth - 1}"))
    cursor = answer.header("X-Next-Cursor")
    common = "%20".join(COMMON_WORDS)
    long_ticket = f"tickets/{state.long_ticket_id}"

    def same(request: bytes) -> Requests:
        return lambda n: request

    def read(name: str, path: str, *, floor: bool = False) -> Operation:
        return Operation(name, same(caller.get(path)), same(caller.floor("GET", path)) if floor else None)

    def pick(items: Sequence[str], n: int) -> str:
        return items[n % len(items)]

    def new_ticket(n: int) -> dict[str, Any]:
        return {
            "subject": f"Benchmark {n}",
            "body": pick(texts, n),
            "requester": {"email": pick(material.emails, n)},
            "tags": [TAGS[n % 5], TAGS[5 + n % 20]],
        }

    def message(n: int) -> dict[str, Any]:
        return {"body": pick(texts, n)}

    def move(n: int) -> bytes:
        # All of them to pending, then all of them back.
        to = Status.OPEN if n // len(material.open) % 2 else Status.PENDING
        return caller.post(f"tickets/{pick(material.open, n)}/status", {"toStatus": to})

    def change(n: int) -> bytes:
        # Each time round, other values than the last time.
        turn = n // len(material.patch)
        changes = {"priority": Priority(1 + (n + turn) % 4).label, "tags": [TAGS[turn % 9], TAGS[10 + turn % 9]]}
        return caller.write("PATCH", f"tickets/{pick(material.patch, n)}", changes)

    def merge(n: int) -> bytes:
        if 2 * n + 1 >= len(material.merge):
            raise SystemExit("No tickets are left to merge: measure for a shorter time, or load more.")
        source, target = material.merge[2 * n : 2 * n + 2]
        return caller.post(f"tickets/{source}/merge", {"targetTicketId": target})

    def detail(n: int) -> str:
        return f"tickets/{pick(material.detail, n)}"

    return [
        read("list 20", "tickets?limit=20", floor=True),
        read("list 100", "tickets?limit=100", floor=True),
        read(
            "list 20, one assignee, two priorities",
            f"tickets?limit=20&assignee={material.assignee}&priority=high,urgent",
        ),
        read("list 20, two tags", f"tickets?limit=20&tags={TAGS[0]},{TAGS[9]}&tagsMatch=all"),
        read(f"list 20 from {depth}, by offset", f"tickets?limit=20&offset={depth}"),
        read(f"list 20 from {depth}, by cursor", f"tickets?limit=20&cursor={cursor}"),
        read(f"search: a word in {RARE_TICKETS} tickets", f"tickets?limit=20&search={RARE_WORD}"),
        read("search: two common words", f"tickets?limit=20&search={common}"),
        read("search: a phrase of them", f"tickets?limit=20&search=%22{common}%22"),
        Operation("detail, 5 messages", lambda n: caller.get(detail(n)), lambda n: caller.floor("GET", detail(n))),
        read("detail, 500 messages", long_ticket, floor=True),
        Operation(
            "create",
            lambda n: caller.post("tickets", new_ticket(n)),
            lambda n: caller.floor("POST", "tickets", new_ticket(n)),
        ),
        Operation(
            "append",
            lambda n: caller.post(f"tickets/{pick(material.append, n)}/messages", message(n)),
            lambda n: caller.floor("POST", f"tickets/{pick(material.append_floor, n)}/messages", message(n)),
        ),
        Operation("status", move),
        Operation("PATCH, priority and tags", change),
        Operation("merge, 5 messages into 5", merge),
        Operation("admin, the list of tickets", same(http("GET", "/admin/tickets/ticket/", {"Cookie": cookie}))),
    ]


def log_in(email: str) -> SessionStore:
    """A session of the back office. Delete it afterwards."""
    user = User.objects.get(email=email)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session
