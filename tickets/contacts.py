"""Finding and making the contacts of a workspace."""

import uuid
from dataclasses import dataclass
from typing import cast

from django.db.models import Q

from accounts.addresses import address_key, clean_address
from inboxops.compiled import CompiledQuery
from inboxops.errors import Invalid
from inboxops.rows import insert_rows
from tickets import search
from tickets.models import Contact, Ticket

NAME_LENGTH = 200


@dataclass(frozen=True)
class Person:
    """Somebody outside as a caller names them."""

    email: str
    name: str = ""


_CONTACT = CompiledQuery(
    lambda workspace_id, key: Contact.objects.filter(workspace_id=workspace_id, email_key=key),
    Contact._meta.get_field("workspace_id"),
    Contact._meta.get_field("email_key"),
)


def contact_for(workspace_id: uuid.UUID, person: Person, *, rename: bool = False) -> Contact:
    """The contact with this address, made if need be.

    A name that is given fills an empty one. It replaces another only with `rename`, when somebody sets out to change
    it: a new ticket must not rewrite a customer's older ones because its sender writes the name differently.
    Call it inside the transaction of the change. Refuses a malformed address and an overlong name (Invalid).
    """
    name = " ".join(person.name.split())
    if len(name) > NAME_LENGTH:
        raise Invalid.at("/requester/name", "too_long", f"At most {NAME_LENGTH} characters.")
    try:
        email = clean_address(person.email)
    except ValueError as error:
        raise Invalid.at("/requester/email", "invalid", str(error)) from None
    key = address_key(email)
    contact: Contact | None = _CONTACT.first(workspace_id, key)
    if contact is None:
        contact = Contact(workspace_id=workspace_id, email=email, email_key=key, name=name)
        # Two first mails of one customer may arrive at once: whoever comes second finds the row of the first.
        if not insert_rows([contact], unless_there=True):
            contact = cast(Contact, _CONTACT.first(workspace_id, key))
    if name and contact.name != name and (rename or not contact.name):
        _rename(contact, name)
    return contact


def lock_contact(ticket: Ticket, person: Person) -> None:
    """Take every lock that giving the ticket this requester may need, before the ticket alone is locked.

    A new name is written to all tickets of the contact. Two changes that each hold one of these tickets would wait
    for each other; so it is the contact first, then its tickets and this one in the order of their ids.
    """
    contact = (
        Contact.objects.select_for_update(no_key=True)
        .filter(workspace_id=ticket.workspace_id, email_key=address_key(person.email))
        .first()
    )
    name = " ".join(person.name.split())
    if contact is not None and name and contact.name != name:
        affected = Ticket.objects.in_workspace(ticket.workspace_id).filter(Q(requester=contact) | Q(pk=ticket.pk))
        list(affected.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _rename(contact: Contact, name: str) -> None:
    contact.name = name
    contact.save(update_fields=["name"])
    tickets = Ticket.objects.filter(workspace_id=contact.workspace_id, requester=contact)
    for ticket in tickets.select_for_update(no_key=True, of=("self",)).select_related("requester").order_by("pk"):
        search.index_head(ticket)
