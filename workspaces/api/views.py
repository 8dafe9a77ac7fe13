"""The workspace itself, its members and its API tokens."""

import uuid

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.actors import Access
from inboxops.api import pagination
from inboxops.api.answers import answer, nothing
from inboxops.api.pagination import by_moment, paginate, parse_sort
from inboxops.errors import Invalid, NotFound
from inboxops.ids import parse_uuid
from workspaces import actions
from workspaces.api import inputs
from workspaces.api.base import WorkspaceViewSet
from workspaces.api.representations import member_json, token_json, workspace_json
from workspaces.models import ApiToken, Membership, Role, Scope

_BY_CREATION = {"createdAt": by_moment("createdAt", "created_at")}


class WorkspaceView(WorkspaceViewSet):
    """One workspace: the token's own."""

    access = {"rename": Access.ADMIN}

    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """The workspace."""
        return answer(workspace_json(self.workspace))

    def rename(self, request: Request, **kwargs: str) -> HttpResponse:
        """Give the workspace another name."""
        name = self.input(inputs.RenameInput)["name"]
        return answer(workspace_json(actions.rename_workspace(self.workspace, name=name, actor=self.actor)))


class CurrentWorkspaceView(WorkspaceViewSet):
    """The workspace that the token belongs to, for a client that knows only its token."""

    header_required = False

    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """The workspace."""
        return answer(workspace_json(self.workspace))


class MemberViewSet(WorkspaceViewSet):
    """The members of the workspace. Names and addresses are the users' own; only roles are the workspace's."""

    access = {"change_role": Access.ADMIN, "remove": Access.ADMIN}
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """The members, in the order in which they joined, as a bare array."""
        members = Membership.objects.filter(workspace=self.workspace).select_related("user")
        page = paginate(
            request,
            members,
            sort=parse_sort("createdAt", _BY_CREATION),
            fetch=list,
            locate=lambda membership, name: (membership.created_at, membership.pk),
        )
        return answer([member_json(membership) for membership in page.rows], headers=page.headers)

    def change_role(self, request: Request, **kwargs: str) -> HttpResponse:
        """Give a member another role."""
        membership = self.member()
        role = Role(self.input(inputs.RoleInput)["role"])
        return answer(member_json(actions.change_role(membership, role=role, actor=self.actor)))

    def remove(self, request: Request, **kwargs: str) -> HttpResponse:
        """End a membership."""
        actions.remove_member(self.member(), actor=self.actor)
        return nothing()

    def member(self) -> Membership:
        """The member in the path. Raises NotFound for anybody else."""
        user_id = parse_uuid(self.kwargs["userId"])
        membership = None if user_id is None else self.member_of(user_id)
        if membership is None:
            raise NotFound
        return membership


class ApiTokenViewSet(WorkspaceViewSet):
    """The API tokens of the workspace."""

    access = {"list": Access.ADMIN, "create": Access.ADMIN, "revoke": Access.ADMIN}
    secret_answers = frozenset({"create"})
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """The tokens, oldest first, revoked ones too, as a bare array."""
        tokens = ApiToken.objects.filter(workspace=self.workspace).select_related("user")
        page = paginate(
            request,
            tokens,
            sort=parse_sort("createdAt", _BY_CREATION),
            fetch=lambda rows: [token_json(row) for row in rows],
        )
        return answer(page.rows, headers=page.headers)

    def create(self, request: Request, **kwargs: str) -> HttpResponse:
        """Make a token; the secret is in this answer and nowhere else."""
        data = self.input(inputs.CreateTokenInput)
        token, secret = actions.create_token(
            self._member(data.get("userId", self.token.user_id)),
            scope=Scope(data["scope"]),
            label=data.get("label", ""),
            expires_at=data.get("expiresAt"),
            actor=self.actor,
        )
        return answer({**token_json(token), "token": secret}, status=201)

    def revoke(self, request: Request, **kwargs: str) -> HttpResponse:
        """End a token. Doing so twice is harmless."""
        token_id = parse_uuid(self.kwargs["tokenId"])
        token = ApiToken.objects.filter(workspace=self.workspace, pk=token_id).first() if token_id else None
        if token is None:
            raise NotFound
        actions.revoke_token(token, actor=self.actor)
        return nothing()

    def _member(self, user_id: uuid.UUID) -> Membership:
        membership = self.member_of(user_id)
        if membership is None:
            raise Invalid.because("/userId", "unknown_member", "This is not a member of the workspace.")
        return membership
