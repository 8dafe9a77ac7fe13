"""Bearer tokens (RFC 6750): one query says who is asking, where they may act, and with which role."""

import datetime as dt
import logging
from itertools import islice
from typing import Any, cast

from django.db import OperationalError
from django.db.models import OuterRef, Q, QuerySet, Subquery
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actors import Actor
from accounts.models import User
from inboxops import clock
from inboxops.api.problems import ApiError
from inboxops.compiled import CompiledQuery
from workspaces.models import ApiToken, Membership, Workspace
from workspaces.permissions import token_actor
from workspaces.tokens import matches, prefix_of

logger = logging.getLogger("inboxops.api")

# Last use is worth knowing to the minute, not worth a write per request.
LAST_USED_EVERY = dt.timedelta(minutes=1)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer iox_…`. `request.user` is the member, `request.auth` the token with its `actor`."""

    def authenticate(self, request: Request) -> tuple[User, "Credentials"]:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError(
                401,
                "not_authenticated",
                "Send an API token: Authorization: Bearer <token>.",
                headers={"WWW-Authenticate": self.authenticate_header(request)},
            )
        credentials = find_credentials(token.strip())
        if credentials is None:
            raise ApiError(
                401,
                "invalid_token",
                "This token is unknown, expired or revoked.",
                headers={"WWW-Authenticate": 'Bearer realm="InboxOps", error="invalid_token"'},
            )
        return credentials.token.user, credentials

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="InboxOps"'


class Credentials:
    """A token that is valid now, and the actor it stands for."""

    def __init__(self, token: ApiToken, actor: Actor) -> None:
        self.token = token
        self.actor = actor


def credentials_of(request: Request) -> Credentials:
    """What `BearerAuthentication` found out about the caller."""
    return cast(Credentials, request.auth)


# By column, in the order of the model. Of the user only who it is; the rest would be fetched if somebody asked for it.
_TOKEN_COLUMNS = tuple(field.attname for field in ApiToken._meta.concrete_fields)
_WORKSPACE_COLUMNS = tuple(field.attname for field in Workspace._meta.concrete_fields)
_USER_COLUMNS = ("id", "email", "name")


def _valid_tokens(prefix: str) -> QuerySet[ApiToken, Any]:
    """The token with this prefix, if it is not revoked and its user is active and a member; with what goes with it."""
    role = Membership.objects.filter(workspace=OuterRef("workspace"), user=OuterRef("user")).values("role")
    return (
        ApiToken.objects.annotate(role=Subquery(role))
        .filter(prefix=prefix, revoked_at=None, user__is_active=True, role__isnull=False)
        .values_list(
            *_TOKEN_COLUMNS,
            *(f"user__{name}" for name in _USER_COLUMNS),
            *(f"workspace__{name}" for name in _WORKSPACE_COLUMNS),
            "role",
        )
    )


_FIND = CompiledQuery(_valid_tokens, ApiToken._meta.get_field("prefix"))


def find_credentials(text: str) -> Credentials | None:
    """Who this token stands for; None for one that is malformed, unknown, expired, revoked or without a member."""
    prefix = prefix_of(text)
    rows = _FIND.rows(prefix) if prefix else []
    if not rows:
        return None
    *columns, role = rows[0]
    values = iter(columns)
    token = ApiToken.from_db(None, _TOKEN_COLUMNS, list(islice(values, len(_TOKEN_COLUMNS))))
    token.user = User.from_db(None, _USER_COLUMNS, list(islice(values, len(_USER_COLUMNS))))
    token.workspace = Workspace.from_db(None, _WORKSPACE_COLUMNS, list(values))
    now = clock.now()
    if not matches(text, token.digest) or (token.expires_at is not None and token.expires_at <= now):
        return None
    _note_use(token, now)
    return Credentials(token, token_actor(token, role))


def _note_use(token: ApiToken, now: dt.datetime) -> None:
    if token.last_used_at is not None and now - token.last_used_at < LAST_USED_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
    try:
        # Of many requests at once, one writes.
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)
    except OperationalError:
        logger.warning("Could not note the last use of token %s", token.prefix)
