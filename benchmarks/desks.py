"""Where the tickets are: workspaces with their members, mailboxes and tokens, and the contacts who write to them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from accounts.actors import operator
from inboxops import clock
from inboxops.db import in_transaction
from tickets.models import Contact
from workspaces.actions import create_mailbox, create_token, create_workspace
from workspaces.management.provisioning import ensure_member
from workspaces.models import Membership, Role, Scope

# All of the load happened in these two years: the same data whenever it is made, and older than whatever comes after.
BEGIN = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
SPAN = dt.timedelta(days=730)
END = BEGIN + SPAN

TICKETS_PER_CONTACT = 4
_TAGS = ["billing", "shipping", "refund", "vip", "bug", "login", "feature-request", "complaint"]
TAGS = [*_TAGS, *(f"topic-{number}" for number in range(1, 53))]
_TAG_WEIGHTS = list(accumulate(1 / (rank + 1) for rank in range(1, len(TAGS) + 1)))
_FIRST_NAMES = "Ada Ben Carla Deniz Emil Fatma Goran Hana Ines Jonas Kim Lena Mads Nora Omar Petra".split()
_LAST_NAMES = "Almeida Berg Costa Dahl Evans Fischer Grau Huber Ivanova Jensen Keller Lind Moreau Novak".split()


@dataclass(frozen=True)
class Member:
    """Somebody who answers tickets."""

    user_id: uuid.UUID
    email: str


@dataclass(frozen=True)
class Desk:
    """A workspace and what its tickets need. `tickets` is how many it will have."""

    number: int
    workspace_id: uuid.UUID
    slug: str
    tickets: int
    members: Sequence[Member]
    mailbox_id: uuid.UUID
    token: str
    token_id: uuid.UUID

    def born_at(self, ticket_number: int, chance: Random) -> dt.datetime:
        """When this ticket came: evenly over the years, in the order of their numbers."""
        return BEGIN + SPAN * ((ticket_number - 1 + chance.random()) / self.tickets)

    def someone(self, chance: Random) -> Member:
        """A member; some have more to do than others."""
        return self.members[int(len(self.members) * chance.random() ** 2)]

    def customer(self, chance: Random) -> Contact:
        """A contact; some write much more often than others."""
        return self.contact(int(self.contacts * chance.random() ** 3))

    @property
    def contacts(self) -> int:
        """How many contacts there are."""
        return self.tickets // TICKETS_PER_CONTACT + 1

    def contact(self, number: int) -> Contact:
        """The contact with this number, the same whoever asks. Not stored."""
        name = f"{_FIRST_NAMES[number % len(_FIRST_NAMES)]} {_LAST_NAMES[number // 7 % len(_LAST_NAMES)]}"
        email = f"{name.replace(' ', '.')}{number}@customers{self.number}.example"
        contact_id = uuid7_at(BEGIN, self.number, number)
        return Contact(
            id=contact_id,
            workspace_id=self.workspace_id,
            email=email,
            email_key=email.lower(),
            name=name,
            created_at=BEGIN,
        )


def some_tags(chance: Random) -> list[str]:
    """Up to three tags, the first ones more often than the others."""
    count = chance.choices((0, 1, 2, 3), (25, 40, 25, 10))[0]
    return list(dict.fromkeys(chance.choices(TAGS, cum_weights=_TAG_WEIGHTS, k=count)))


def uuid7_at(moment: dt.datetime, fraction: int, rest: int) -> uuid.UUID:
    """The UUIDv7 of this moment (`inboxops.ids`), with 12 bits that order ids of one millisecond, and 62 more."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | ((fraction & 0xFFF) << 64) | (0b10 << 62) | rest)


@dataclass(frozen=True)
class Plan:
    """A workspace to be made."""

    number: int
    slug: str
    tickets: int
    agents: int
    is_staffed: bool = False


def plans_for(tickets: int) -> list[Plan]:
    """One workspace with half of the tickets; up to a thousand small ones, all alike, with the rest."""
    rest = tickets // 2
    small = max(1, min(1_000, rest // 50))
    shares = [rest * (n + 1) // small - rest * n // small for n in range(small)]
    big = Plan(0, "bench", tickets - rest, 50, is_staffed=True)
    return [big, *(Plan(n, f"bench-{n}", share, 2) for n, share in enumerate(shares, 1))]


@in_transaction
def open_desk(plan: Plan) -> Desk:
    """Make the workspace by the product's own actions, at the beginning of time. Refuses a slug in use (SlugTaken)."""
    actor = operator("benchmarks")
    with clock.at(BEGIN):
        workspace = create_workspace(slug=plan.slug, name=f"Benchmark {plan.number}", actor=actor)
        mailbox = create_mailbox(workspace, address=f"help@{plan.slug}.example", actor=actor)
        members: list[Membership] = []
        for n in range(plan.agents + 1):
            membership, _ = ensure_member(
                workspace,
                email=f"member{n}@{plan.slug}.example",
                name=f"Member {n}",
                role=Role.AGENT if n else Role.ADMIN,
                is_staff=plan.is_staffed and n == 0,
                actor=actor,
            )
            members.append(membership)
        token, secret = create_token(members[0], scope=Scope.ADMIN, label="benchmarks", actor=actor)
    return Desk(
        number=plan.number,
        workspace_id=workspace.pk,
        slug=workspace.slug,
        tickets=plan.tickets,
        members=[Member(membership.user_id, membership.user.email) for membership in members],
        mailbox_id=mailbox.pk,
        token=secret,
        token_id=token.pk,
    )
