"""The workspace itself, its members, its mailboxes and its API tokens."""

import uuid

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.actors import Access
from inboxops.api import pagination
from inboxops.api.answers import answer, nothing
from inboxops.api.failures import Failure, refusal
from inboxops.api.pagination import Listing, by_moment, paginate, parse_sort
from inboxops.errors import Invalid, NotFound
from inboxops.ids import parse_uuid
from workspaces import actions
from workspaces.api import inputs
from workspaces.api.base import WorkspaceViewSet
from workspaces.api.calls import Call
from workspaces.api.outputs import ApiTokenOutput, MailboxOutput, MemberOutput, NewApiTokenOutput, WorkspaceOutput
from workspaces.api.representations import (
    MAILBOX_COLUMNS,
    MEMBER_COLUMNS,
    TOKEN_COLUMNS,
    mailbox_json,
    mailbox_row_json,
    member_json,
    member_row_json,
    token_json,
    token_row_json,
    workspace_json,
)
from workspaces.errors import DefaultNeeded, LastAdmin, MailboxTaken
from workspaces.models import ApiToken, Mailbox, Membership, Role, Scope

_LAST_ADMIN = refusal(LastAdmin)
_MAILBOX_TAKEN = refusal(MailboxTaken)
_BY_CREATION = {"createdAt": by_moment("createdAt", "created_at")}
_OLDEST_FIRST = parse_sort("createdAt", _BY_CREATION)
MEMBERS = Listing(
    lambda asked: Membership.objects.filter(workspace=asked["workspace"]), MEMBER_COLUMNS, member_row_json, _BY_CREATION
)
TOKENS = Listing(
    lambda asked: ApiToken.objects.filter(workspace=asked["workspace"]), TOKEN_COLUMNS, token_row_json, _BY_CREATION
)
MAILBOXES = Listing(
    lambda asked: Mailbox.objects.filter(workspace=asked["workspace"]), MAILBOX_COLUMNS, mailbox_row_json, _BY_CREATION
)


class WorkspaceView(WorkspaceViewSet):
    """One workspace: the token's own."""

    tag = "Workspace"

    @Call("getWorkspace", Access.READ, gives=WorkspaceOutput)
    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """Get the workspace."""
        return answer(workspace_json(self.workspace))

    @Call("renameWorkspace", Access.ADMIN, takes=inputs.RenameWorkspaceInput, gives=WorkspaceOutput)
    def rename(self, request: Request, **kwargs: str) -> HttpResponse:
        """Rename the workspace.

        The slug stays: addresses and integrations hang on it.
        """
        name = self.input()["name"]
        return answer(workspace_json(actions.rename_workspace(self.workspace, name=name, actor=self.actor)))


class CurrentWorkspaceView(WorkspaceViewSet):
    """The workspace that the token belongs to, for a client that knows only its token."""

    tag = "Workspace"
    header_required = False

    @Call("getCurrentWorkspace", Access.READ, gives=WorkspaceOutput)
    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """Get the workspace of the token.

        For a client that knows only its token: `x-workspace-id` is not needed here.
        """
        return answer(workspace_json(self.workspace))


class MemberViewSet(WorkspaceViewSet):
    """The members of the workspace. Names and addresses are the users' own; only roles are the workspace's."""

    tag = "Members"

    @Call("listMembers", Access.READ, gives=MemberOutput, many=True, parameters=pagination.PARAMETERS)
    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the members.

        In the order in which they joined, as a bare array.
        """
        page = paginate(request, MEMBERS, {"workspace": self.workspace.pk}, sort=_OLDEST_FIRST)
        return answer(page.rows, headers=page.headers)

    @Call("changeRole", Access.ADMIN, takes=inputs.ChangeRoleInput, gives=MemberOutput, failures=(_LAST_ADMIN,))
    def change_role(self, request: Request, **kwargs: str) -> HttpResponse:
        """Give a member another role.

        Counts from the member's next request on. A member who becomes a viewer is taken off open tickets.
        """
        membership = self.member()
        role = Role(self.input()["role"])
        return answer(member_json(actions.change_role(membership, role=role, actor=self.actor)))

    @Call("removeMember", Access.ADMIN, status=204, failures=(_LAST_ADMIN,))
    def remove(self, request: Request, **kwargs: str) -> HttpResponse:
        """Remove a member.

        Ends the member's tokens at once and unassigns open tickets. What was written stays.
        """
        actions.remove_member(self.member(), actor=self.actor)
        return nothing()

    def member(self) -> Membership:
        """The member in the path. Raises NotFound for anybody else."""
        user_id = parse_uuid(self.kwargs["userId"])
        membership = None if user_id is None else self.member_of(user_id)
        if membership is None:
            raise NotFound
        return membership


class MailboxViewSet(WorkspaceViewSet):
    """The mailboxes of the workspace."""

    tag = "Mailboxes"

    @Call("listMailboxes", Access.READ, gives=MailboxOutput, many=True, parameters=pagination.PARAMETERS)
    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the mailboxes.

        Oldest first, as a bare array.
        """
        page = paginate(request, MAILBOXES, {"workspace": self.workspace.pk}, sort=_OLDEST_FIRST)
        return answer(page.rows, headers=page.headers)

    @Call(
        "createMailbox",
        Access.ADMIN,
        takes=inputs.CreateMailboxInput,
        gives=MailboxOutput,
        status=201,
        headers=("Location",),
        failures=(_MAILBOX_TAKEN,),
    )
    def create(self, request: Request, **kwargs: str) -> HttpResponse:
        """Make a mailbox.

        The first one of a workspace is its default. Nothing is sent to try it out.
        """
        mailbox = actions.create_mailbox(self.workspace, **inputs.mailbox_of(self.input()), actor=self.actor)
        location = request.build_absolute_uri(f"{request.path}/{mailbox.pk}")
        return answer(mailbox_json(mailbox), status=201, headers={"Location": location})

    @Call("getMailbox", Access.READ, gives=MailboxOutput)
    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """Get a mailbox.

        All but the password of its mail server.
        """
        return answer(mailbox_json(self.mailbox()))

    @Call(
        "updateMailbox",
        Access.ADMIN,
        takes=inputs.UpdateMailboxInput,
        gives=MailboxOutput,
        failures=(_MAILBOX_TAKEN, refusal(DefaultNeeded)),
    )
    def update(self, request: Request, **kwargs: str) -> HttpResponse:
        """Change a mailbox.

        `smtp` is replaced as a whole, but for a password that is absent: it stays while host and user name do. Making
        a mailbox the default takes that from the present one.
        """
        mailbox = self.mailbox()
        changes = inputs.mailbox_changes_of(self.input())
        return answer(mailbox_json(actions.update_mailbox(mailbox, changes=changes, actor=self.actor)))

    def mailbox(self) -> Mailbox:
        """The mailbox in the path. Raises NotFound for one of another workspace, as for none."""
        mailbox_id = parse_uuid(self.kwargs["mailboxId"])
        found = Mailbox.objects.filter(workspace=self.workspace, pk=mailbox_id).first() if mailbox_id else None
        if found is None:
            raise NotFound
        return found


class ApiTokenViewSet(WorkspaceViewSet):
    """The API tokens of the workspace."""

    tag = "API tokens"

    @Call("listApiTokens", Access.ADMIN, gives=ApiTokenOutput, many=True, parameters=pagination.PARAMETERS)
    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the API tokens.

        Oldest first, revoked ones too, without their secrets, as a bare array.
        """
        page = paginate(request, TOKENS, {"workspace": self.workspace.pk}, sort=_OLDEST_FIRST)
        return answer(page.rows, headers=page.headers)

    @Call(
        "createApiToken",
        Access.ADMIN,
        takes=inputs.CreateApiTokenInput,
        gives=NewApiTokenOutput,
        status=201,
        gives_secret=True,
        failures=(
            Failure(400, "in_the_past", "The token would have expired already."),
            Failure(400, "scope_exceeds_role", "The token could do more than its member."),
            Failure(400, "unknown_member", "The user is not a member of the workspace."),
        ),
    )
    def create(self, request: Request, **kwargs: str) -> HttpResponse:
        """Make an API token.

        The secret is in this answer and nowhere else: repeating the call with its key is 409 `secret_not_repeatable`.
        """
        data = self.input()
        token, secret = actions.create_token(
            self._member(data.get("userId", self.token.user_id)),
            scope=Scope(data["scope"]),
            label=data.get("label", ""),
            expires_at=data.get("expiresAt"),
            actor=self.actor,
        )
        return answer({**token_json(token), "token": secret}, status=201)

    @Call("revokeApiToken", Access.ADMIN, status=204)
    def revoke(self, request: Request, **kwargs: str) -> HttpResponse:
        """Revoke an API token.

        Counts from the next request on. Doing so twice is harmless.
        """
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
