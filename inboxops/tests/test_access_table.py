"""Who may call what: one table, held against every route that the URL table knows."""

import datetime as dt

import pytest

from accounts.actors import Access, operator
from inboxops import clock
from inboxops.tests.calls import World, anonymous, prepare
from inboxops.tests.factories import MembershipFactory
from inboxops.tests.routes import routes
from workspaces.actions import change_role, create_token, remove_member, revoke_token
from workspaces.models import Role, Scope

# What a caller needs. A viewer has read, an agent write, an admin admin; a token has its scope, and never more than
# the role of its member.
TABLE = """
    current-workspace   GET read
    workspace           GET read    PATCH admin
    members             GET read
    member              PATCH admin  DELETE admin
    mailboxes           GET read    POST admin
    mailbox             GET read    PATCH admin
    api-tokens          GET admin   POST admin
    api-token           DELETE admin
    tickets             GET read    POST write
    ticket              GET read    PATCH write
    ticket-messages     GET read    POST write
    ticket-events       GET read
    ticket-status       POST write
    ticket-merge        POST write
    ticket-unmerge      POST write
    ticket-split        POST write
    ticket-archive      POST write
    ticket-unarchive    POST write
    message-cancel-send    POST write
    message-resend         POST write
    attachment-upload-url  POST write
    attachment-confirm     POST write
    ticket-attachments     GET read
    attachment             DELETE write
    message-attachments    GET read
    attachment-download    GET read
"""


def _read_table():
    for line in TABLE.strip().splitlines():
        name, *cells = line.split()
        for method, access in zip(cells[::2], cells[1::2], strict=True):
            yield f"{method} {name}", Access[access.upper()]


NEEDED = dict(_read_table())
ROUTES = routes()

# Role now, scope of the token, and the role when the token was made.
CALLERS = [
    (Role.VIEWER, Scope.READ, Role.VIEWER),
    (Role.AGENT, Scope.READ, Role.AGENT),
    (Role.AGENT, Scope.WRITE, Role.AGENT),
    (Role.ADMIN, Scope.READ, Role.ADMIN),
    (Role.ADMIN, Scope.WRITE, Role.ADMIN),
    (Role.ADMIN, Scope.ADMIN, Role.ADMIN),
    (Role.AGENT, Scope.ADMIN, Role.ADMIN),
    (Role.VIEWER, Scope.ADMIN, Role.ADMIN),
    (Role.VIEWER, Scope.WRITE, Role.AGENT),
]


@pytest.fixture
def world(workspace, workspace_admin):
    return World(workspace)


def test_the_table_has_every_route_and_no_other():
    found = {str(route) for route in ROUTES}

    assert found - set(NEEDED) == set(), "Write into TABLE what a caller of the new route needs: read, write or admin."
    assert set(NEEDED) - found == set(), "Take the route that is gone out of TABLE."


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(("role", "scope", "role_before"), CALLERS, ids=lambda value: str(value))
def test_role_and_scope_together_reach_as_far_as_the_table_says(
    route, role, scope, role_before, world, api_of, problem
):
    member = MembershipFactory(workspace=world.workspace, role=role_before)
    api = api_of(member, scope)
    if role != role_before:
        change_role(member, role=role, actor=operator())
    call = prepare(route, world)
    before = world.dump()

    response = call.send(api)

    if min(role.access, scope.access) >= NEEDED[str(route)]:
        assert 200 <= response.status_code < 300, response.content
    else:
        refused = problem(response, 403, "insufficient_scope")
        assert refused["neededAccess"] == NEEDED[str(route)].name.lower()
        assert unused(world.dump()) == unused(before)


def _nothing(api, member):
    api.headers.pop("Authorization")


def _another_scheme(api, member):
    api.headers["Authorization"] = f"Basic {api.token}"


def _no_secret(api, member):
    api.headers["Authorization"] = "Bearer"


def _wrong_secret(api, member):
    api.headers["Authorization"] = f"Bearer {api.token[:-1]}{'a' if api.token[-1] != 'a' else 'b'}"


def _unknown_prefix(api, member):
    api.headers["Authorization"] = "Bearer iox_" + "0" * 10 + "_" + "0" * 43


def _not_a_token(api, member):
    api.headers["Authorization"] = "Bearer \u00e9' OR 1=1 --"


def _expired(api, member):
    yesterday = clock.now() - dt.timedelta(days=1)
    with clock.at(yesterday - dt.timedelta(days=1)):
        _, api.token = create_token(member, scope=Scope.ADMIN, expires_at=yesterday, actor=operator())
    api.headers["Authorization"] = f"Bearer {api.token}"


def _revoked(api, member):
    revoke_token(api.row, actor=operator())


def _inactive_user(api, member):
    member.user.is_active = False
    member.user.save()


def _removed_member(api, member):
    remove_member(member, actor=operator())


STRANGERS = {
    "nothing sent": (_nothing, "not_authenticated"),
    "another scheme": (_another_scheme, "not_authenticated"),
    "no secret": (_no_secret, "not_authenticated"),
    "a wrong secret": (_wrong_secret, "invalid_token"),
    "an unknown prefix": (_unknown_prefix, "invalid_token"),
    "no token at all": (_not_a_token, "invalid_token"),
    "an expired token": (_expired, "invalid_token"),
    "a revoked token": (_revoked, "invalid_token"),
    "an inactive user": (_inactive_user, "invalid_token"),
    "a removed member": (_removed_member, "invalid_token"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_who_is_not_known_is_not_let_in(route, stranger, world, api_of, problem):
    member = MembershipFactory(workspace=world.workspace, role=Role.ADMIN)
    api = api_of(member)
    call = prepare(route, world)
    make_unknown, code = STRANGERS[stranger]
    make_unknown(api, member)
    before = world.dump()

    response = call.send(api)

    problem(response, 401, code)
    assert response["WWW-Authenticate"].startswith('Bearer realm="InboxOps"')
    assert ("error=" in response["WWW-Authenticate"]) == (code == "invalid_token")
    assert world.dump() == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_the_token_comes_before_anything_about_the_workspace(route, world, problem):
    """Without a token nobody learns which workspace, object or field exists."""
    call = prepare(route, world)

    for headers in ({}, {"x-workspace-id": "acme"}, {"x-workspace-id": "nobody-has-this"}):
        response = call.send(anonymous(), headers=headers, query={"nonsense": "1"}, body=b"{")
        problem(response, 401, "not_authenticated")


def unused(dump):
    """The dump without the moment at which tokens were last used."""
    return {
        label: [{name: value for name, value in row.items() if name != "last_used_at"} for row in rows]
        for label, rows in dump.items()
    }
