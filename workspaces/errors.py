"""What the workspaces' actions refuse."""

from inboxops.errors import Refused


class SlugTaken(Refused):
    """Another workspace has this slug."""

    code = "slug_taken"
    detail = "There is already a workspace with this slug."


class AlreadyMember(Refused):
    """The user is in this workspace already."""

    code = "already_member"
    detail = "This user is already a member of the workspace."


class LastAdmin(Refused):
    """Without this member nobody could manage the workspace."""

    code = "last_admin"
    detail = "A workspace keeps at least one admin: make another member admin first."


class MailboxTaken(Refused):
    """The workspace has a mailbox with this address."""

    code = "mailbox_taken"
    detail = "This workspace already has a mailbox with this address."


class DefaultNeeded(Refused):
    """A workspace that has mailboxes has a default one."""

    code = "default_needed"
    detail = "A workspace keeps a default mailbox: make another one the default instead."
