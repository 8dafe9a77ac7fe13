"""Users: global, known by their e-mail address. What they may do where is a membership (`workspaces.models`)."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from accounts.addresses import address_key
from accounts.events import EventBase
from inboxops import clock
from inboxops.ids import uuid7

# `email__lower=…` is what the index over lower(email) answers; `iexact` would compare upper(email).
models.EmailField.register_lookup(Lower)


class UserManager(BaseUserManager["User"]):
    """Finds and makes users; addresses are compared without regard to case."""

    def with_email(self, email: str) -> models.QuerySet["User"]:
        """The user with this address, if there is one."""
        return self.filter(email__lower=address_key(email))

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_email(username or "").get()

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """For Django's own `createsuperuser`: somebody who may see every workspace."""
        user = self.model(email=email.strip(), is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in or owns tokens."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False, help_text="May enter the back office.")
    is_active = models.BooleanField(default=True, help_text="Switch off instead of deleting.")
    created_at = models.DateTimeField(default=clock.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_once", violation_error_message="This address already has a user."
            )
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class AccountEvent(EventBase):
    """What happened to a user."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="events")
