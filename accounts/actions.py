"""Every write to users."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.actors import Actor
from accounts.addresses import clean_address
from accounts.errors import EmailTaken
from accounts.events import actor_fields
from accounts.models import AccountEvent, User
from inboxops.db import in_transaction
from inboxops.errors import Invalid


@in_transaction
def create_user(
    *, email: str, name: str = "", password: str | None = None, is_staff: bool = False, actor: Actor
) -> User:
    """Create a user. Without a password nobody can log in as them until one is set.

    Refuses a malformed address, an unsafe password (Invalid) and an address in use (EmailTaken).
    Records `user.created`, and `user.staff_granted` with `is_staff`.
    """
    actor.must_act_everywhere()
    try:
        address = clean_address(email)
    except ValueError as error:
        raise Invalid.at("/email", "invalid", str(error)) from None
    if User.objects.with_email(address).exists():
        raise EmailTaken
    user = User(email=address, name=name.strip(), is_staff=is_staff)
    _set_password(user, password)
    user.save(force_insert=True)
    _record(user, "user.created", actor)
    if is_staff:
        _record(user, "user.staff_granted", actor)
    return user


@in_transaction
def change_password(user: User, *, password: str, actor: Actor) -> User:
    """Give the user another password, which they may do themselves. Refuses an unsafe one (Invalid).

    Records `user.password_changed`.
    """
    if actor.user_id != user.pk:
        actor.must_act_everywhere()
    user = User.objects.select_for_update().get(pk=user.pk)
    _set_password(user, password)
    user.save(update_fields=["password"])
    _record(user, "user.password_changed", actor)
    return user


@in_transaction
def grant_staff(user: User, *, actor: Actor) -> User:
    """Let the user into the back office. Harmless when they are in already. Records `user.staff_granted`."""
    actor.must_act_everywhere()
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        _record(user, "user.staff_granted", actor)
    return user


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.because("/password", "weak_password", " ".join(error.messages)) from None
    user.set_password(password)


def _record(user: User, kind: str, actor: Actor) -> None:
    AccountEvent.objects.create(user=user, kind=kind, **actor_fields(actor))
