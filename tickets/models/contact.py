"""Contacts: the people outside who write to a workspace."""

from django.db import models

from inboxops import clock
from workspaces.models import TenantModel


class Contact(TenantModel):
    """A customer of one workspace, known by an e-mail address."""

    email = models.EmailField(max_length=254)
    email_key = models.CharField(max_length=254, help_text="The address as it is compared: lower-cased.")
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "email_key"], name="contact_once")]

    def __str__(self) -> str:
        return self.email
