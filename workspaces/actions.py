"""Every write to workspaces, members, tokens and mailboxes. Each function is one verb and records one event."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError

from accounts.actors import Access, Actor
from accounts.addresses import address_key
from accounts.events import actor_fields
from accounts.models import User
from inboxops import clock
from inboxops.db import in_transaction
from inboxops.errors import Invalid, NotFound
from workspaces.errors import AlreadyMember, DefaultNeeded, LastAdmin, MailboxTaken, SlugTaken
from workspaces.mailboxes import MailboxChanges, SmtpServer, apply_changes, told_of
from workspaces.models import (
    ASSIGNABLE_ROLES,
    LABEL_LENGTH,
    ApiToken,
    Mailbox,
    Membership,
    Role,
    Scope,
    Workspace,
    WorkspaceEvent,
)
from workspaces.signals import member_stops_working
from workspaces.tokens import make_secret


@in_transaction
def create_workspace(*, slug: str, name: str, actor: Actor) -> Workspace:
    """Create an empty workspace. Refuses a slug that is malformed (Invalid) or in use (SlugTaken).

    Records `workspace.created`.
    """
    actor.must_act_everywhere()
    workspace = Workspace(slug=slug.strip(), name=name.strip())
    try:
        workspace.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid.at(f"/{field}", "invalid", " ".join(messages)) from None
    if Workspace.objects.filter(slug=workspace.slug).exists():
        raise SlugTaken
    workspace.save(force_insert=True)
    _record(workspace, "workspace.created", actor, slug=workspace.slug, name=workspace.name)
    return workspace


@in_transaction
def rename_workspace(workspace: Workspace, *, name: str, actor: Actor) -> Workspace:
    """Give the workspace another name. The same name again changes nothing. Records `workspace.renamed`."""
    actor.must(Access.ADMIN, workspace.pk)
    workspace = _locked(workspace)
    before, name = workspace.name, name.strip()
    if name != before:
        workspace.name = name
        workspace.save(update_fields=["name"])
        _record(workspace, "workspace.renamed", actor, before=before, after=name)
    return workspace


@in_transaction
def add_member(workspace: Workspace, *, user: User, role: Role, actor: Actor) -> Membership:
    """Make the user a member. Refuses one who is (AlreadyMember). Records `member.added`."""
    actor.must(Access.ADMIN, workspace.pk)
    _locked(workspace)
    if Membership.objects.filter(workspace=workspace, user=user).exists():
        raise AlreadyMember
    membership = Membership(workspace=workspace, user=user, role=role)
    membership.save(force_insert=True)
    _record(workspace, "member.added", actor, userId=str(user.pk), role=role)
    return membership


@in_transaction
def change_role(membership: Membership, *, role: Role, actor: Actor) -> Membership:
    """Give the member another role; it counts from their next request on.

    Refuses to demote the last admin (LastAdmin). Someone who becomes a viewer loses their open tickets, as a viewer
    cannot be an assignee. The same role again changes nothing. Records `member.role_changed`.
    """
    actor.must(Access.ADMIN, membership.workspace_id)
    membership = _locked_membership(membership)
    before = membership.role
    if role == before:
        return membership
    if before == Role.ADMIN:
        _keep_an_admin(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _record(
        membership.workspace, "member.role_changed", actor, userId=str(membership.user_id), before=before, after=role
    )
    if role not in ASSIGNABLE_ROLES:
        member_stops_working.send(sender=Membership, membership=membership, actor=actor)
    return membership


@in_transaction
def remove_member(membership: Membership, *, actor: Actor) -> None:
    """End a membership: its tokens stop at once, open tickets lose their assignee, what was written stays.

    Refuses to remove the last admin (LastAdmin). Records `member.removed`, and `token.revoked` per token.
    """
    actor.must(Access.ADMIN, membership.workspace_id)
    membership = _locked_membership(membership)
    if membership.role == Role.ADMIN:
        _keep_an_admin(membership)
    member_stops_working.send(sender=Membership, membership=membership, actor=actor)
    workspace = membership.workspace
    for token in ApiToken.objects.filter(
        workspace=workspace, user_id=membership.user_id, revoked_at__isnull=True
    ).order_by("pk"):
        revoke_token(token, actor=actor)
    user_id, role = str(membership.user_id), membership.role
    membership.delete()
    _record(workspace, "member.removed", actor, userId=user_id, role=role)


@in_transaction
def create_token(
    membership: Membership,
    *,
    scope: Scope,
    label: str = "",
    expires_at: dt.datetime | None = None,
    actor: Actor,
) -> tuple[ApiToken, str]:
    """Make a token that acts as this member; answers the row and the secret, which nobody can see again.

    Refuses a scope beyond the member's role and an expiry in the past (Invalid). Records `token.created`.
    """
    actor.must(Access.ADMIN, membership.workspace_id)
    membership = _locked_membership(membership)
    if scope.access > Role(membership.role).access:
        raise Invalid.because(
            "/scope", "scope_exceeds_role", f"A token of a member who is {membership.role} cannot do that."
        )
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid.because("/expiresAt", "in_the_past", "The expiry must lie in the future.")
    label = label.strip()
    if len(label) > LABEL_LENGTH:
        raise Invalid.at("/label", "too_long", f"At most {LABEL_LENGTH} characters.")
    secret = make_secret()
    token = ApiToken(
        workspace=membership.workspace,
        user=membership.user,
        label=label,
        prefix=secret.prefix,
        digest=secret.digest,
        scope=scope,
        expires_at=expires_at,
    )
    token.save(force_insert=True)
    _record(
        membership.workspace,
        "token.created",
        actor,
        tokenId=str(token.pk),
        userId=str(token.user_id),
        scope=scope,
        label=token.label,
    )
    return token, secret.token


@in_transaction
def revoke_token(token: ApiToken, *, actor: Actor) -> ApiToken:
    """End a token; it fails from the next request on. Revoking twice changes nothing. Records `token.revoked`."""
    actor.must(Access.ADMIN, token.workspace_id)
    token = ApiToken.objects.select_for_update(no_key=True, of=("self",)).select_related("workspace").get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        _record(token.workspace, "token.revoked", actor, tokenId=str(token.pk), userId=str(token.user_id))
    return token


@in_transaction
def create_mailbox(
    workspace: Workspace,
    *,
    address: str,
    name: str = "",
    signature: str = "",
    is_default: bool = False,
    rate_per_minute: int | None = None,
    smtp: SmtpServer | None = None,
    actor: Actor,
) -> Mailbox:
    """Add a mailbox; the workspace's first one is its default, and a new default replaces the old one.

    Refuses what is malformed or not allowed (Invalid) and an address that the workspace has (MailboxTaken). Records
    `mailbox.created`.
    """
    actor.must(Access.ADMIN, workspace.pk)
    _locked(workspace)
    mailbox = Mailbox(workspace=workspace)
    apply_changes(
        mailbox,
        MailboxChanges(address=address, name=name, signature=signature, rate_per_minute=rate_per_minute, smtp=smtp),
    )
    _must_be_free(mailbox)
    others = Mailbox.objects.filter(workspace=workspace)
    mailbox.is_default = is_default or not others.exists()
    if mailbox.is_default:
        others.filter(is_default=True).update(is_default=False)
    mailbox.save(force_insert=True)
    _record(
        workspace,
        "mailbox.created",
        actor,
        mailboxId=str(mailbox.pk),
        address=mailbox.address,
        isDefault=mailbox.is_default,
        smtpHost=mailbox.smtp_host,
    )
    return mailbox


@in_transaction
def update_mailbox(mailbox: Mailbox, *, changes: MailboxChanges, actor: Actor) -> Mailbox:
    """Change a mailbox; what is the same as before is no change. One made the default replaces the old one.

    A password for the mail server stays only while host and user name do. Refuses what is malformed or not allowed
    (Invalid), an address that the workspace has (MailboxTaken), and to leave it without a default (DefaultNeeded).
    Records `mailbox.updated`, without the password.
    """
    actor.must(Access.ADMIN, mailbox.workspace_id)
    workspace = _locked(mailbox.workspace)
    mailbox = Mailbox.objects.get(pk=mailbox.pk)
    before, secret_before = told_of(mailbox), mailbox.smtp_secret
    apply_changes(mailbox, changes)
    after = told_of(mailbox)
    changed = [name for name in after if after[name] != before[name]]
    has_other_password = mailbox.smtp_secret != secret_before
    if not changed and not has_other_password:
        return mailbox
    if "address" in changed:
        _must_be_free(mailbox)
    if "isDefault" in changed:
        if not mailbox.is_default:
            raise DefaultNeeded
        Mailbox.objects.filter(workspace=workspace, is_default=True).update(is_default=False)
    mailbox.save(force_update=True)
    _record(
        workspace,
        "mailbox.updated",
        actor,
        mailboxId=str(mailbox.pk),
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        passwordChanged=has_other_password,
    )
    return mailbox


@in_transaction
def reseal_mailbox(mailbox: Mailbox, *, actor: Actor) -> bool:
    """Encrypt the password of a mailbox under the present key; answers whether that was necessary.

    Raises `sealed.Unreadable` where no key opens it. Records nothing: the password is the same.
    """
    actor.must_act_everywhere()
    _locked(mailbox.workspace)
    mailbox = Mailbox.objects.get(pk=mailbox.pk)
    if mailbox.is_secret_current():
        return False
    mailbox.set_smtp_password(mailbox.smtp_password())
    mailbox.save(update_fields=["smtp_secret"])
    return True


def _must_be_free(mailbox: Mailbox) -> None:
    same = Mailbox.objects.filter(workspace=mailbox.workspace_id, address__lower=address_key(mailbox.address))
    if same.exclude(pk=mailbox.pk).exists():
        raise MailboxTaken


def _locked(workspace: Workspace) -> Workspace:
    # Changes to a workspace's members and mailboxes come one at a time: "the last admin", "the default mailbox" are
    # statements about several rows.
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _locked_membership(membership: Membership) -> Membership:
    _locked(membership.workspace)
    found = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("workspace", "user")
        .filter(pk=membership.pk)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _keep_an_admin(membership: Membership) -> None:
    others = Membership.objects.filter(workspace=membership.workspace, role=Role.ADMIN, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        raise LastAdmin


def _record(workspace: Workspace, kind: str, actor: Actor, **data: Any) -> None:
    WorkspaceEvent.objects.create(workspace=workspace, kind=kind, data=data, **actor_fields(actor))
