"""How workspaces, members, tokens and mailboxes look in the API."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import models

from workspaces.models import ApiToken, Mailbox, Membership, Workspace

Json = dict[str, Any]


def workspace_json(workspace: Workspace) -> Json:
    """A workspace."""
    return {
        "id": workspace.pk,
        "slug": workspace.slug,
        "name": workspace.name,
        "createdAt": workspace.created_at,
    }


MEMBER_COLUMNS = ("id", "created_at", "user_id", "user__email", "user__name", "role")


def member_json(membership: Membership) -> Json:
    """A member; `id` is the user's."""
    return member_row_json(_row_of(membership, MEMBER_COLUMNS))


def member_row_json(row: Sequence[Any]) -> Json:
    """A member, from its `MEMBER_COLUMNS`."""
    _, _, user_id, email, name, role = row
    return {"id": user_id, "email": email, "name": name, "role": role}


TOKEN_COLUMNS = (
    "id",
    "label",
    "prefix",
    "scope",
    "user_id",
    "user__name",
    "user__email",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
)


def token_json(token: ApiToken) -> Json:
    """A token without its secret."""
    return token_row_json(_row_of(token, TOKEN_COLUMNS))


def token_row_json(row: Sequence[Any]) -> Json:
    """A token without its secret, from its `TOKEN_COLUMNS`."""
    token_id, label, prefix, scope, user_id, name, email, created_at, expires_at, last_used_at, revoked_at = row
    return {
        "id": token_id,
        "label": label,
        "prefix": f"iox_{prefix}",
        "scope": scope,
        "user": {"id": user_id, "name": name, "email": email},
        "createdAt": created_at,
        "expiresAt": expires_at,
        "lastUsedAt": last_used_at,
        "revokedAt": revoked_at,
    }


MAILBOX_COLUMNS = (
    "id",
    "address",
    "name",
    "signature",
    "is_default",
    "rate_per_minute",
    "smtp_host",
    "smtp_port",
    "smtp_security",
    "smtp_username",
    "smtp_secret",
    "created_at",
)


def mailbox_json(mailbox: Mailbox) -> Json:
    """A mailbox without its password."""
    return mailbox_row_json(_row_of(mailbox, MAILBOX_COLUMNS))


def mailbox_row_json(row: Sequence[Any]) -> Json:
    """A mailbox without its password, from its `MAILBOX_COLUMNS`."""
    mailbox_id, address, name, signature, is_default, rate, host, port, security, username, secret, created_at = row
    server = {
        "host": host,
        "port": port,
        "security": security,
        "username": username,
        "hasPassword": secret != "",
    }
    return {
        "id": mailbox_id,
        "address": address,
        "name": name,
        "signature": signature,
        "isDefault": is_default,
        "ratePerMinute": rate,
        "smtp": server if host else None,
        "createdAt": created_at,
    }


def _row_of(instance: models.Model, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """The columns of an instance at hand, as they would be fetched."""
    return attrgetter(*(column.replace("__", ".") for column in columns))(instance)
