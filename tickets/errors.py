"""What the tickets' actions refuse, in the words of the domain."""

from inboxops.errors import Refused, TooLarge


class TicketMerged(Refused):
    """The ticket lives on in another one. Extra: `mergedIntoId`."""

    code = "ticket_merged"
    detail = "This ticket was merged; work on the one it was merged into."


class TransitionNotAllowed(Refused):
    """There is no way from the present status to the one asked for. Extra: `currentStatus`, `allowedTransitions`."""

    code = "transition_not_allowed"


class ConversationMovedOn(Refused):
    """A customer wrote since the message that the writer had seen. Extra: `messages`, a query for the newer ones."""

    code = "conversation_moved_on"
    detail = "The customer has written since. Read the newer messages, then send again."


class MergeIntoItself(Refused):
    """Source and target are one ticket."""

    code = "merge_into_itself"
    detail = "A ticket cannot be merged into itself."


class AlreadyMerged(Refused):
    """The source was merged elsewhere before. Extra: `mergedIntoId`."""

    code = "already_merged"
    detail = "This ticket was merged into another one already."


class TargetMerged(Refused):
    """The target was merged away itself. Extra: `mergedIntoId`."""

    code = "target_merged"
    detail = "The target was merged itself; merge into the ticket it lives on in."


class NotMerged(Refused):
    """There is no merge to undo."""

    code = "not_merged"
    detail = "This ticket is not merged into another one."


class UnmergeFirst(Refused):
    """Merges are undone in reverse order. Extra: `ticketId`, the one to unmerge first."""

    code = "unmerge_first"
    detail = "The ticket it was merged into was merged itself later; undo that merge first."


class SplitWouldEmpty(Refused):
    """A split leaves at least one message behind."""

    code = "split_would_empty"
    detail = "These are all messages of the ticket; at least one must stay."


class FileTooLarge(TooLarge):
    """The file is larger than a file may be. Extra: `limit`, in bytes."""

    code = "file_too_large"


class TooManyAttachments(TooLarge):
    """A message takes only so many files. Extra: `limit`."""

    code = "too_many_attachments"


class MailTooLarge(TooLarge):
    """The mail of this message would be larger than mail servers take. Extra: `limit`, in bytes."""

    code = "mail_too_large"


class StorageQuotaExceeded(Refused):
    """The workspace has no room for this file. Extra: `limit`, in bytes."""

    code = "storage_quota_exceeded"


class AttachmentUsed(Refused):
    """The file belongs to a message, for good."""

    code = "attachment_used"
    detail = "This file belongs to a message, for good."


class NotUploaded(Refused):
    """There are no bytes to confirm: nothing was uploaded, or not all of it."""

    code = "not_uploaded"
    detail = "Nothing has been uploaded there, or not all of it. Upload the file, then confirm it."


class UploadMismatch(Refused):
    """What was uploaded is not what was announced. Extra: `found`, the size in bytes or the type."""

    code = "upload_mismatch"


class NotConfirmed(Refused):
    """The file was announced, but not confirmed: there is nothing to download yet."""

    code = "not_confirmed"
    detail = "This file has not been confirmed yet."


class NotMailed(Refused):
    """The message was not to be mailed."""

    code = "not_mailed"
    detail = "This message is not one that goes by mail."


class TooLateToCancel(Refused):
    """Sending was begun: nothing can promise any more that it does not arrive. Extra: `state`, of the delivery."""

    code = "too_late_to_cancel"
    detail = "It is too late: sending has begun."


class NothingToResend(Refused):
    """The mail waits to be sent, or was. Extra: `state`, of the delivery."""

    code = "nothing_to_resend"
    detail = "This mail waits to be sent, or was sent."
