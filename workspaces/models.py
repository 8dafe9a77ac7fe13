"""Workspaces, their members, tokens and mailboxes. Every row of a tenant carries its workspace."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.actors import Access
from accounts.events import EventBase
from inboxops import clock, sealed
from inboxops.ids import uuid7

SLUG_PATTERN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A slug must never be mistaken for an id, nor for `/v1/workspaces/current`.
NOT_SLUGS_PATTERN = r"current|[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


class Workspace(models.Model):
    """A tenant: nothing of one workspace is visible from another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(rf"^{SLUG_PATTERN}\Z", "Lower-case letters, digits and inner hyphens, 63 at most."),
            RegexValidator(rf"^({NOT_SLUGS_PATTERN})\Z", "This cannot be a slug.", inverse_match=True),
        ],
    )
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(slug="current") & ~Q(slug=""), name="workspace_slug_not_reserved")
        ]

    def __str__(self) -> str:
        return self.slug

    def is_named(self, text: str) -> bool:
        """Whether `text` is this workspace's slug or id (in any case)."""
        return text == self.slug or text.lower() == str(self.id)


class TenantModel(models.Model):
    """The base of everything that belongs to one workspace.

    No reference may lead from here into another workspace: `workspaces.tenancy` puts that into the database for
    every foreign key between two tenant models.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        abstract = True


class Role(models.TextChoices):
    """What a member is in a workspace."""

    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"

    @property
    def access(self) -> Access:
        """How far the role reaches."""
        return {Role.ADMIN: Access.ADMIN, Role.AGENT: Access.WRITE, Role.VIEWER: Access.READ}[self]


ASSIGNABLE_ROLES = (Role.ADMIN, Role.AGENT)


class Scope(models.TextChoices):
    """How far a token reaches, within its member's role."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def access(self) -> Access:
        """The level of access that the scope stands for."""
        return Access[self.name]


class Membership(TenantModel):
    """A user in a workspace, with a role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.workspace_id}"


LABEL_LENGTH = 100


class ApiToken(TenantModel):
    """A secret that acts as one member of one workspace. Only its digest is stored (`workspaces.tokens`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=LABEL_LENGTH, blank=True)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "created_at"], name="api_token_by_workspace")]
        constraints = [models.CheckConstraint(condition=Q(scope__in=Scope.values), name="api_token_scope_known")]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SmtpSecurity(models.TextChoices):
    """How a connection to a mail server is encrypted: not at all, after STARTTLS, or from its first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Mailbox(TenantModel):
    """An address at which the workspace receives, and from which its replies leave.

    They leave through its own mail server, or, where `smtp_host` is empty, as those of the whole installation do.
    """

    address = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    signature = models.TextField(blank=True)
    is_default = models.BooleanField(default=False)
    rate_per_minute = models.PositiveIntegerField(null=True, help_text="How many mails may leave in a minute.")
    next_send_at = models.DateTimeField(null=True, help_text="Before that, the rate allows no mail to leave.")
    smtp_host = models.CharField(max_length=253, blank=True)
    smtp_port = models.PositiveIntegerField(null=True)
    smtp_security = models.CharField(max_length=8, blank=True, choices=SmtpSecurity.choices)
    smtp_username = models.CharField(max_length=254, blank=True)
    # Encrypted. It is for `smtp_password` alone to look into.
    smtp_secret = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.UniqueConstraint(F("workspace"), Lower("address"), name="mailbox_address_once"),
            models.UniqueConstraint(fields=["workspace"], condition=Q(is_default=True), name="mailbox_one_default"),
            models.CheckConstraint(
                condition=Q(rate_per_minute=None) | Q(rate_per_minute__gt=0), name="mailbox_rate_positive"
            ),
            models.CheckConstraint(
                condition=Q(smtp_host="", smtp_port=None, smtp_security="", smtp_username="")
                | ~Q(smtp_host="")
                # A port that is null is in no range, and out of none.
                & Q(smtp_port__isnull=False, smtp_port__range=(1, 65_535), smtp_security__in=SmtpSecurity.values),
                name="mailbox_server_whole",
            ),
            models.CheckConstraint(
                condition=Q(smtp_secret="") | ~Q(smtp_username=""), name="mailbox_secret_of_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def has_password(self) -> bool:
        """Whether it has a password for its mail server."""
        return self.smtp_secret != ""

    def smtp_password(self) -> str:
        """The password for its mail server in clear, for whoever connects; empty where there is none.

        Raises `sealed.Unreadable` where no key opens it.
        """
        return sealed.unseal(self.smtp_secret, purpose=self._smtp_account) if self.smtp_secret else ""

    def set_smtp_password(self, password: str) -> None:
        """Keep this password, encrypted, for the account that is named now; an empty one is none."""
        self.smtp_secret = sealed.seal(password, purpose=self._smtp_account) if password else ""

    def is_secret_current(self) -> bool:
        """Whether its password, if any, is under the present key."""
        return not self.smtp_secret or sealed.is_current(self.smtp_secret, purpose=self._smtp_account)

    @property
    def _smtp_account(self) -> str:
        # Whatever happens to the row, the password is readable for this server and this user only.
        return f"mailbox {self.pk} {self.smtp_host} {self.smtp_username}"


class WorkspaceEvent(EventBase, TenantModel):
    """What happened to a workspace, its members, tokens and mailboxes."""

    class Meta(EventBase.Meta):
        indexes = [models.Index(fields=["workspace", "created_at"], name="workspace_event_timeline")]


class StoredAnswer(TenantModel):
    """The answer to a POST with an `Idempotency-Key`, kept for a day so that a repeat gets it again.

    `status` is null while the first request is running: the row is born with the work it protects, in one
    transaction, so a row without an answer is never seen by anyone else.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    is_secret = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "token", "key"], name="stored_answer_once")]

    def __str__(self) -> str:
        return self.key
