"""Settings of InboxOps, read from the environment. `docs/configuration.md` lists every variable.

The same file serves a try-out (nothing set: SQLite on loopback) and production. What would be unsafe outside
loopback is refused at the start, not warned about later.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from inboxops import env, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("INBOXOPS_DATA_DIR") or BASE_DIR / "var").resolve()

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

DEBUG = env.boolean("INBOXOPS_DEBUG", False)

# Where this installation is found ------------------------------------------------------------------------------

BASE_URL = env.text("INBOXOPS_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
try:
    _base = urlsplit(BASE_URL)
except ValueError as error:
    raise ImproperlyConfigured(f"INBOXOPS_BASE_URL cannot be read as an address: {error}.") from error
if _base.scheme not in ("http", "https") or not _base.hostname:
    raise ImproperlyConfigured(f"INBOXOPS_BASE_URL must be an http(s) address; it is {BASE_URL!r}.")
SERVED_BY_HTTPS = _base.scheme == "https"
ALLOWED_HOSTS = env.words("INBOXOPS_ALLOWED_HOSTS") or [*LOOPBACK_HOSTS]
if _base.hostname not in ("localhost", "127.0.0.1", "::1") and not env.words("INBOXOPS_ALLOWED_HOSTS"):
    ALLOWED_HOSTS.append(_base.hostname)
ONLY_LOOPBACK = set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS)
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]

# Database --------------------------------------------------------------------------------------------------------

_postgres = env.database("DATABASE_URL")
_pool_size = env.integer("INBOXOPS_DB_POOL", 8)
_statement_timeout = env.integer("INBOXOPS_STATEMENT_TIMEOUT", 0)
_lock_timeout = env.integer("INBOXOPS_LOCK_TIMEOUT", 10)
USES_SQLITE = _postgres is None
if _postgres is None:
    env.make_folder(DATA_DIR, "INBOXOPS_DATA_DIR")
    DATABASES: dict[str, dict[str, object]] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "inboxops.sqlite3",
            "OPTIONS": {
                # Writers queue instead of failing: with a deferred transaction SQLite answers "database is locked"
                # at once when a reader turns writer while another one writes.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;"
                    "PRAGMA synchronous=NORMAL;"
                    "PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-64000;"
                    "PRAGMA mmap_size=268435456"
                ),
            },
            "CONN_MAX_AGE": None,
            # In a file, like the real one: a database in memory shares locks in ways that no installation does.
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
        }
    }
else:
    _options = _postgres.setdefault("OPTIONS", {})
    assert isinstance(_options, dict)
    # The session's own limits; a value in seconds, 0 for none. No JIT: our statements are short. A page anywhere costs
    # hardly more than the next one, in memory as on a solid-state disk: short lists are found by index, not by a scan.
    _options.setdefault(
        "options",
        f"-c statement_timeout={_statement_timeout}s -c lock_timeout={_lock_timeout}s"
        " -c idle_in_transaction_session_timeout=60s -c jit=off -c random_page_cost=1.1",
    )
    if _pool_size:
        _options["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
        # Statements of `prepared_cursor`. Not without a pool of our own: PgBouncer may be what is used instead.
        _options.setdefault("prepare_threshold", 5)
    else:
        _postgres.setdefault("CONN_MAX_AGE", 60)
        _postgres.setdefault("CONN_HEALTH_CHECKS", True)
    DATABASES = {"default": _postgres}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache("CACHE_URL")}

# Secrets ---------------------------------------------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
if not SECRET_KEY:
    if not (USES_SQLITE and ONLY_LOOPBACK):
        raise ImproperlyConfigured(
            "SECRET_KEY must be set: only an installation on SQLite that serves loopback makes its own. "
            'A fresh one: python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    try:
        SECRET_KEY = secret_key.read_or_create(DATA_DIR / "secret-key")
    except OSError as error:
        raise ImproperlyConfigured(f"The secret key in INBOXOPS_DATA_DIR cannot be read: {error}.") from error

# Read by commands where they are needed; named here so that they count as known.
env.text("INBOXOPS_PASSWORD")
env.text("INBOXOPS_SMTP_PASSWORD")

# Application -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "anymail",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "inboxops",
    "accounts",
    "workspaces",
    "tickets",
]

MIDDLEWARE = [
    "inboxops.middleware.RequestLogMiddleware",
    "inboxops.middleware.ProbeMiddleware",
    "inboxops.middleware.ApiBoundaryMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "inboxops.urls"
WSGI_APPLICATION = "inboxops.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
# Static files are served by the web process itself, straight from the packages: nothing to collect or to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Who may do what is said by the base of our views (workspaces.api.base), next to the order in which it is asked.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["inboxops.api.renderers.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["inboxops.api.parsers.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "inboxops.api.negotiation.JsonOnly",
    "EXCEPTION_HANDLER": "inboxops.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "workspaces.api.schema.CallSchema",
}

# The OpenAPI document: see workspaces.api.schema.
SPECTACULAR_SETTINGS = {
    "TITLE": "InboxOps",
    "DESCRIPTION": """The REST API of a shared inbox: tickets, messages, files, merge and unmerge, split, workspaces.

- Send `Authorization: Bearer iox_…` and, but for `/v1/workspaces/current`, `x-workspace-id`: the workspace of the path.
- Times are in UTC; ids are UUIDs.
- A failure is a problem document. Rely on its `code`: the words may change, and new codes may come.
- A list is a bare array; totals, links and cursors are in headers.
- A POST takes an `Idempotency-Key`, so that it can be sent again; a change of a ticket takes an `If-Match`.""",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": "/", "description": "Where this document came from."}],
    "POSTPROCESSING_HOOKS": [],
    "TAGS": [
        {"name": "Tickets", "description": "Conversations with customers: read, answer, sort, merge, split, put away."},
        {"name": "Files", "description": "Uploaded and downloaded past the API, by addresses that it gives out."},
        {"name": "Workspace", "description": "Where the tickets are; a token knows exactly one."},
        {"name": "Members", "description": "The users of the workspace, each with a role."},
        {"name": "Mailboxes", "description": "From which addresses replies leave, and through which servers."},
        {"name": "API tokens", "description": "What programs call with: a member's rights, or less of them."},
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API token, `iox_…`. It belongs to one workspace and acts as one of its members.",
            }
        }
    },
    "SCHEMA_PATH_PREFIX": "/v1",
    # As in the URL table.
    "PREPROCESSING_HOOKS": ["workspaces.api.schema.in_order"],
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
}

# Files -----------------------------------------------------------------------------------------------------------

_MEBIBYTE = 1024 * 1024
MAX_FILE_SIZE = env.integer("INBOXOPS_MAX_FILE_SIZE", 25, minimum=1) * _MEBIBYTE
FILES_PER_MESSAGE = env.integer("INBOXOPS_FILES_PER_MESSAGE", 50, minimum=1)
# Of one workspace, all its files together; 0 for no limit.
FILES_QUOTA = env.integer("INBOXOPS_FILES_QUOTA", 100 * 1024) * _MEBIBYTE
FILES_DIR = Path(env.text("INBOXOPS_FILES_DIR") or DATA_DIR / "files")
if not FILES_DIR.is_absolute():
    # Else a command and the service, started elsewhere, would each have their own.
    raise ImproperlyConfigured(f"INBOXOPS_FILES_DIR must be an absolute path; it is {str(FILES_DIR)!r}.")
_BUCKET = {
    "bucket_name": env.text("INBOXOPS_S3_BUCKET"),
    "access_key": env.text("INBOXOPS_S3_ACCESS_KEY"),
    "secret_key": env.text("INBOXOPS_S3_SECRET_KEY"),
    "region_name": env.text("INBOXOPS_S3_REGION", "us-east-1"),
    "endpoint_url": env.text("INBOXOPS_S3_ENDPOINT") or None,
    "addressing_style": env.choice("INBOXOPS_S3_ADDRESSING", ("auto", "path", "virtual"), "auto"),
}
STORAGES: dict[str, dict[str, object]] = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "attachments": env.file_store("INBOXOPS_FILE_STORE", FILES_DIR, _BUCKET),
}

RATE_LIMIT = env.rate("INBOXOPS_RATE_LIMIT", "6000/min")
# The right-hand side of the Message-IDs we make for a workspace that has no mailbox yet (RFC 5322, section 3.6.4).
MAIL_DOMAIN = env.text("INBOXOPS_MAIL_DOMAIN", "inboxops.localhost")
# Mail servers in private networks, and at unusual ports, that mailboxes may name: see workspaces.mail_servers.
SMTP_PRIVATE_HOSTS = env.hosts("INBOXOPS_SMTP_PRIVATE_HOSTS")

# Mail out ----------------------------------------------------------------------------------------------------------

# How long a reply waits in which it can still be stopped.
SEND_DELAY = timedelta(seconds=env.integer("INBOXOPS_SEND_DELAY", 0))
# What has been due for longer is not sent by itself any more.
HOLD_AFTER = timedelta(hours=env.integer("INBOXOPS_HOLD_AFTER", 24, minimum=1))
# What a worker has taken is free again after that, unless the worker says that it lives.
MAIL_LEASE = timedelta(seconds=env.integer("INBOXOPS_MAIL_LEASE", 120, minimum=5))
# As it is sent, where a file takes more than a third more room. The longest message without files needs 5.
MAX_MAIL_SIZE = env.integer("INBOXOPS_MAX_MAIL_SIZE", 25, minimum=5) * _MEBIBYTE

# Mail ------------------------------------------------------------------------------------------------------------

# How mail leaves is in Django's own settings; tickets.mail.transport speaks SMTP itself all the same.
MAIL_PROVIDER = env.mail_provider("INBOXOPS_MAIL_PROVIDER")
_mail = env.mail("EMAIL_URL", "smtp://localhost:25", MAIL_PROVIDER)
EMAIL_BACKEND = _mail.backend
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.username
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_USE_TLS = _mail.starttls
EMAIL_USE_SSL = _mail.tls
EMAIL_FILE_PATH = _mail.folder
# Seconds to wait for an answer. A mail as a whole may take ten times as long.
MAIL_TIMEOUT = env.integer("INBOXOPS_MAIL_TIMEOUT", 30, minimum=1)
EMAIL_TIMEOUT = MAIL_TIMEOUT
# A provider that cannot show a picture within the text, or carry our marks, is to send the reply without them.
ANYMAIL: dict[str, object] = {
    "IGNORE_UNSUPPORTED_FEATURES": True,
    "REQUESTS_TIMEOUT": MAIL_TIMEOUT,
    **env.starting("ANYMAIL_…"),
}

# JSON bodies are read, limited and parsed by inboxops.api.body.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Browser ---------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SERVED_BY_HTTPS
CSRF_COOKIE_SECURE = SERVED_BY_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SERVED_BY_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SERVED_BY_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SERVED_BY_HTTPS
SECURE_HSTS_PRELOAD = SERVED_BY_HTTPS
# Believed only when told: without a proxy in front, any client could claim to have come by HTTPS.
if env.boolean("INBOXOPS_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Logging ---------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "inboxops.request_id.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "inboxops.request_id.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": env.choice("INBOXOPS_LOG_FORMAT", ("line", "json"), "line"),
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "inboxops": {"level": env.choice("INBOXOPS_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")},
        # A bad Host or a 404 is the client's business, and the request line already tells of it.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR"},
    },
}
