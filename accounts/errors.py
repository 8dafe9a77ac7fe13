"""What the accounts' actions refuse."""

from inboxops.errors import Refused


class EmailTaken(Refused):
    """There is a user with this address already."""

    code = "email_taken"
    detail = "There is already a user with this e-mail address."
