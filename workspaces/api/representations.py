"""How workspaces, members and tokens look in the API."""

from typing import Any

from workspaces.models import ApiToken, Membership, Workspace

Json = dict[str, Any]


def workspace_json(workspace: Workspace) -> Json:
    """A workspace."""
    return {
        "id": workspace.pk,
        "slug": workspace.slug,
        "name": workspace.name,
        "createdAt": workspace.created_at,
    }


def member_json(membership: Membership) -> Json:
    """A member; `id` is the user's."""
    user = membership.user
    return {"id": user.pk, "email": user.email, "name": user.name, "role": membership.role}


def token_json(token: ApiToken) -> Json:
    """A token without its secret."""
    user = token.user
    return {
        "id": token.pk,
        "label": token.label,
        "prefix": f"iox_{token.prefix}",
        "scope": token.scope,
        "user": {"id": user.pk, "name": user.name, "email": user.email},
        "createdAt": token.created_at,
        "expiresAt": token.expires_at,
        "lastUsedAt": token.last_used_at,
        "revokedAt": token.revoked_at,
    }
