"""The cast of every test.

- `workspace`: ours, with `workspace_admin`, `agent` and `viewer` as its members (memberships);
- `contact`: a customer of ours, and `ticket`, which they wrote;
- `outsider`: an admin of another workspace, with a ticket of their own. Whatever they can do, they must not see us.

`api` and `outsider_api` talk to the REST API as agent and as outsider; `api_of(membership, scope)` as anyone.
"""

import json

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.actors import Door, operator
from inboxops.tests.declared import DeclaredClient
from inboxops.tests.factories import MembershipFactory, TicketFactory, WorkspaceFactory
from inboxops.tests.uploads import keep_files_in
from tickets.actions import Person
from workspaces.actions import create_token
from workspaces.models import Role, Scope
from workspaces.permissions import member_actor


def pytest_collection_modifyitems(config, items):
    """On SQLite, what only PostgreSQL promises is left out of the run rather than reported as skipped."""
    if connection.vendor == "postgresql":
        return
    left_out = [item for item in items if item.get_closest_marker("postgresql")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@pytest.fixture(scope="session")
def _files_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def _files_apart(settings, _files_folder):
    """What tests upload is nothing for the data folder. The keys are random: they do not meet."""
    keep_files_in(settings, _files_folder)


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Slow hashing protects real passwords; here it would only cost time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def workspace(db):
    return WorkspaceFactory(slug="acme", name="Acme Support")


@pytest.fixture
def workspace_admin(workspace):
    return MembershipFactory(workspace=workspace, role=Role.ADMIN, user__email="admin@acme.example")


@pytest.fixture
def agent(workspace):
    return MembershipFactory(workspace=workspace, role=Role.AGENT, user__email="agent@acme.example")


@pytest.fixture
def viewer(workspace):
    return MembershipFactory(workspace=workspace, role=Role.VIEWER, user__email="viewer@acme.example")


@pytest.fixture
def contact():
    return Person("carla@customer.example", "Carla Customer")


@pytest.fixture
def ticket(workspace, agent, contact, actor):
    return TicketFactory(
        workspace=workspace, subject="Broken lamp", body="It flickers.", requester=contact, actor=actor
    )


@pytest.fixture
def actor(agent):
    """The agent, acting."""
    return member_actor(agent, Door.ADMIN)


@pytest.fixture
def outsider(db):
    return MembershipFactory(
        workspace=WorkspaceFactory(slug="rival", name="Rival"), role=Role.ADMIN, user__email="admin@rival.example"
    )


@pytest.fixture
def outsider_ticket(outsider):
    return TicketFactory(workspace=outsider.workspace, subject="Rival secret")


class Api:
    """A client of the REST API with a token. Paths are relative to the workspace."""

    def __init__(self, membership, scope):
        self.membership = membership
        self.workspace = membership.workspace
        self.row, self.token = create_token(membership, scope=scope, actor=operator())
        self.client = DeclaredClient(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {self.token}", "x-workspace-id": str(self.workspace.pk)}

    def url(self, path):
        return path if path.startswith("/") else f"/v1/workspaces/{self.workspace.pk}/{path}".rstrip("/")

    def request(self, method, path, data=None, headers=None, **kwargs):
        body = b"" if data is None else data if isinstance(data, bytes) else json.dumps(data).encode()
        sent = {**self.headers, **(headers or {})}
        return self.client.generic(
            method,
            self.url(path),
            body,
            content_type=kwargs.pop("content_type", "application/json"),
            headers={name: value for name, value in sent.items() if value is not None},
            **kwargs,
        )

    def get(self, path, query=None, **kwargs):
        return self.request("GET", path, query_params=query or {}, **kwargs)

    def post(self, path, data=None, **kwargs):
        return self.request("POST", path, data, **kwargs)

    def patch(self, path, data=None, **kwargs):
        return self.request("PATCH", path, data, **kwargs)

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)


@pytest.fixture
def api_of():
    """Makes a client for any membership, with any scope its role allows."""

    def make(membership, scope=None):
        widest = {Role.ADMIN: Scope.ADMIN, Role.AGENT: Scope.WRITE, Role.VIEWER: Scope.READ}[membership.role]
        return Api(membership, scope or widest)

    return make


@pytest.fixture
def api(agent, api_of):
    return api_of(agent)


@pytest.fixture
def admin_api(workspace_admin, api_of):
    return api_of(workspace_admin)


@pytest.fixture
def outsider_api(outsider, api_of):
    return api_of(outsider)


def problem(response, status, code):
    """Assert that the answer is this failure, in the shape that every failure has; answers the document."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert set(document) >= {"type", "title", "status", "detail", "code", "errors", "requestId"}, document
    assert (document["status"], document["code"]) == (status, code), document
    assert document["type"] == f"urn:inboxops:problem:{code}"
    assert document["requestId"] == response["X-Request-Id"]
    return document


@pytest.fixture(name="problem")
def _problem():
    return problem
