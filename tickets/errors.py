"""What the tickets' actions refuse, in the words of the domain."""

from inboxops.errors import Refused


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
