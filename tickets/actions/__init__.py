"""Every write to tickets. Whoever asks (API, mail, admin, command), it is one of these functions that does it.

Each checks the actor's rights, locks what it changes, checks the rules on what it then reads, writes, and records
what happened, all in one transaction; a deadlock or serialisation failure is tried again.

    create_ticket      a new ticket with its first message        ticket.created
    append_message     reply, note or a customer's words          message.added
    request_upload     a file is announced                        nothing: it may never come
    confirm_upload     what was uploaded is a file                attachment.uploaded
    add_file           a file that is at hand                     attachment.uploaded
    discard_upload     a file that is in no message goes          attachment.discarded
    update_ticket      assignee, priority, tags, subject, people  ticket.assigned, ticket.…_changed
    transition_ticket  open, pending, closed                      ticket.status_changed
    archive_ticket     out of the inbox                           ticket.archived
    unarchive_ticket   back into the inbox                        ticket.unarchived
    merge_tickets      two become one                             ticket.merged
    unmerge_ticket     a merge undone                             ticket.unmerged
    split_ticket       one becomes two                            ticket.split
    settle_delivery    what became of an outgoing mail            delivery.settled
    cancel_delivery    a reply is stopped                         delivery.settled
    resend_delivery    a mail is sent again                       delivery.queued
    track_delivery     what a provider tells of a recipient       delivery.settled, delivery.complained
"""

from inboxops.unset import UNSET
from tickets.actions.append import append_message
from tickets.actions.archive import archive_ticket, unarchive_ticket
from tickets.actions.create import create_ticket
from tickets.actions.deliver import cancel_delivery, resend_delivery, settle_delivery, track_delivery
from tickets.actions.merge import merge_tickets
from tickets.actions.split import Split, split_ticket
from tickets.actions.transition import transition_ticket
from tickets.actions.unmerge import Unmerged, unmerge_ticket
from tickets.actions.update import Changes, update_ticket
from tickets.actions.upload import add_file, confirm_upload, discard_upload, request_upload
from tickets.contacts import Person

__all__ = [
    "UNSET",
    "Changes",
    "Person",
    "Split",
    "Unmerged",
    "add_file",
    "append_message",
    "archive_ticket",
    "cancel_delivery",
    "confirm_upload",
    "create_ticket",
    "discard_upload",
    "merge_tickets",
    "request_upload",
    "resend_delivery",
    "settle_delivery",
    "split_ticket",
    "track_delivery",
    "transition_ticket",
    "unarchive_ticket",
    "unmerge_ticket",
    "update_ticket",
]
