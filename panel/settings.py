"""All settings. Each environment variable is read here once; an invalid value stops the start.

`.env` next to manage.py is read, too; the real environment takes precedence. docs/running.md
explains each variable.
"""

from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from panel import embedded
from panel.celery_settings import *  # noqa: F403  # settings, too
from panel.celery_settings import CELERY_TASK_SOFT_TIME_LIMIT
from panel.env import (
    address,
    amount,
    fernet_keys,
    flag,
    mail_settings,
    one_of,
    positive_seconds,
    some_of,
    text,
    whole_number,
    words,
)
from panel.logs import LEVELS, logging_config
from panel.security_settings import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# --- Where things are ---
PANEL_DATA_DIR = Path(text(env, "PANEL_DATA_DIR", default="var")).absolute()
SITE_URL = text(env, "SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
_site = address("SITE_URL", SITE_URL, schemes=["http", "https"])
if not _site.hostname or _site.path or _site.query or _site.fragment:
    raise ImproperlyConfigured(
        f"SITE_URL must be like https://panel.example, without a path, not {SITE_URL!r}"
    )
IS_HTTPS = _site.scheme == "https"

DEBUG = flag(env, "DEBUG", default=False)
if DEBUG and IS_HTTPS:
    raise ImproperlyConfigured(
        "DEBUG must be off if SITE_URL is https: its error pages show settings to everybody"
    )
PANEL_NAME = text(env, "PANEL_NAME", default="Panel")
TOP_UP_INSTRUCTIONS = text(
    env,
    "TOP_UP_INSTRUCTIONS",
    default="Contact our team to add funds. They will credit your payment to this wallet.",
)
PANEL_CURRENCY = text(env, "PANEL_CURRENCY", default="USD").upper()
if len(PANEL_CURRENCY) != 3 or not (PANEL_CURRENCY.isascii() and PANEL_CURRENCY.isalpha()):
    raise ImproperlyConfigured(
        f"PANEL_CURRENCY must be a three-letter code, not {PANEL_CURRENCY!r}"
    )

# --- Secrets ---
# `manage.py up` and `manage.py demo` make these once inside the data folder; elsewhere the
# environment must give them.
try:
    _kept = embedded.secrets(PANEL_DATA_DIR)
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
SECRET_KEY = text(env, "SECRET_KEY", default=_kept.secret_key)
# provider keys at rest
ENCRYPTION_KEYS = fernet_keys(env, "ENCRYPTION_KEYS", default=_kept.encryption_keys)
API_KEY_PEPPER = text(env, "API_KEY_PEPPER", default=_kept.api_key_pepper)

# --- Database, broker, cache ---
IS_DATABASE_EMBEDDED = not env.str("DATABASE_URL", default="")
DATABASE_URL = env.str("DATABASE_URL", default="") or embedded.database_url(PANEL_DATA_DIR)
if not address("DATABASE_URL", DATABASE_URL, schemes=["postgres", "postgresql"]).path.strip("/"):
    raise ImproperlyConfigured("DATABASE_URL must end with the name of a database")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),  # of the address: sslmode and the like
        "connect_timeout": 5,
        "options": "-c lock_timeout=3s -c statement_timeout=30s "
        "-c idle_in_transaction_session_timeout=30s",
    },
}
IS_BROKER_EMBEDDED = not env.str("REDIS_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="") or embedded.broker_url(PANEL_DATA_DIR)
address("REDIS_URL", REDIS_URL, schemes=["redis", "rediss", "redis+socket"])
# Redis holds nothing that matters, and the panel works without it: the cache and the sessions live
# in PostgreSQL.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "panel_cache",
        # beyond Django's 300, failed log-ins were forgotten when many people try
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- The timetable, in seconds ---
SUBMIT_EVERY = positive_seconds(env, "SUBMIT_EVERY", default=5)
REAP_EVERY = positive_seconds(env, "REAP_EVERY", default=10)
TRACK_EVERY = positive_seconds(env, "TRACK_EVERY", default=15)
TRACK_MIN_INTERVAL = positive_seconds(env, "TRACK_MIN_INTERVAL", default=60)
REFILL_EVERY = positive_seconds(env, "REFILL_EVERY", default=60)
DELIVER_EVERY = positive_seconds(env, "DELIVER_EVERY", default=5)
RESOLVE_EVERY = positive_seconds(env, "RESOLVE_EVERY", default=30)
SYNC_EVERY = positive_seconds(env, "SYNC_EVERY", default=900)
AUDIT_EVERY = positive_seconds(env, "AUDIT_EVERY", default=86400)
# the same job does both
RECONCILE_EVERY = min(positive_seconds(env, "RECONCILE_EVERY", default=600), AUDIT_EVERY)
PROVIDER_TIMEOUT = positive_seconds(env, "PROVIDER_TIMEOUT", default=20)
CLAIM_LEASE = positive_seconds(env, "CLAIM_LEASE", default=60)
UNCLEAR_QUIET = positive_seconds(env, "UNCLEAR_QUIET", default=180)
PROBE_EVERY = positive_seconds(env, "PROBE_EVERY", default=1)
REFUND_CONFIRM = positive_seconds(env, "REFUND_CONFIRM", default=60)
SECOND_PERSON_ABOVE = amount(env, "SECOND_PERSON_ABOVE", default=100)
SUBMIT_CONCURRENCY = whole_number(env, "SUBMIT_CONCURRENCY", default=4, least=1)
PROVIDER_ALLOW_PRIVATE = flag(env, "PROVIDER_ALLOW_PRIVATE", default=False)
WEBHOOK_ALLOW_PRIVATE = flag(env, "WEBHOOK_ALLOW_PRIVATE", default=False)
API_ALLOW_GET = flag(env, "API_ALLOW_GET", default=False)
# bytes; the default is for the largest order: 10,000 lines of 200 bytes
API_MAX_BODY = 1024 * whole_number(env, "API_MAX_BODY_KB", default=2048, least=64)
API_SERVICES_EXTRA = some_of(
    env, "API_SERVICES_EXTRA", choices=["dripfeed", "desc", "average_time", "currency"]
)
API_REQUESTS_PER_MINUTE = whole_number(env, "API_REQUESTS_PER_MINUTE", default=1200, least=1)
API_IP_REQUESTS_PER_MINUTE = whole_number(env, "API_IP_REQUESTS_PER_MINUTE", default=3000, least=1)
API_ORDERS_PER_MINUTE = whole_number(env, "API_ORDERS_PER_MINUTE", default=1000, least=1)
IS_SIGN_UP_OPEN = flag(env, "SIGN_UP_OPEN", default=True)
ARE_SERVICES_PUBLIC = flag(env, "SERVICES_PUBLIC", default=True)

# --- Celery; the rest is in panel/celery_settings.py ---
CELERY_BROKER_URL = REDIS_URL

# before that, a call under way may still be answered
UNCLEAR_QUIET = max(UNCLEAR_QUIET, PROVIDER_TIMEOUT + 1)
if CLAIM_LEASE <= PROVIDER_TIMEOUT:
    raise ImproperlyConfigured(
        "CLAIM_LEASE must be longer than PROVIDER_TIMEOUT: a claim covers a whole call"
    )
if PROVIDER_TIMEOUT >= CELERY_TASK_SOFT_TIME_LIMIT:
    raise ImproperlyConfigured(
        f"PROVIDER_TIMEOUT must be below {CELERY_TASK_SOFT_TIME_LIMIT} s, the limit of a task"
    )

# --- Django ---
INSTALLED_APPS = [
    "panel",
    "orders",
    "billing",
    "catalog",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_structlog",
    "lucide",
]
MIDDLEWARE = [
    "panel.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "panel.api_middleware.ApiEntrance",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # pages only: the API and static files compress theirs; it pads against BREACH
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.RefusedFormMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "panel.wrong_verb.WrongVerbMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
ROOT_URLCONF = "panel.urls"
WSGI_APPLICATION = "panel.wsgi.application"
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
                "panel.context_processors.panel",
            ],
        },
    },
]
FORM_RENDERER = "panel.form_renderer.FormRenderer"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Signing up and in ---
EMAIL_BACKEND = "panel.mail.NoMailServer"
EMAIL_TIMEOUT = 10  # seconds; a page waits for it
_mail = mail_settings(env, "EMAIL_URL")
vars().update(_mail)
DEFAULT_FROM_EMAIL = text(env, "DEFAULT_FROM_EMAIL", default=f"panel@{_site.hostname}")
ACCOUNT_ADAPTER = "accounts.allauth_adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# nothing to verify by without a mail server
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _mail else "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"  # which leads each role to its work
LOGOUT_REDIRECT_URL = "home"

# --- Static files ---
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = PANEL_DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": one_of(
            env,
            "STATIC_STORAGE",
            default="plain",
            choices={
                "plain": "django.contrib.staticfiles.storage.StaticFilesStorage",
                "hashed": "whitenoise.storage.CompressedManifestStaticFilesStorage",
            },
        )
    },
}

# --- Security; what is the same everywhere is in panel/security_settings.py ---
ALLOWED_HOSTS = words(
    env, "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", _site.hostname]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = IS_HTTPS
# the API says so itself: a redirected POST becomes a GET
SECURE_REDIRECT_EXEMPT = [r"^health$", r"(?i)^api(?!/v2/openapi\.json$)(?:[/.].*)?$"]
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if flag(env, "BEHIND_PROXY", default=False) else None
)
TRUSTED_PROXIES = whole_number(env, "TRUSTED_PROXIES", default=0, least=0)
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
# bytes; what a program can order, a page can, and a mass order of 64 K emoji fits
DATA_UPLOAD_MAX_MEMORY_SIZE = max(API_MAX_BODY, 1_000_000)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_500  # a list of 10,000 lines may come as one field a line

# --- Logs ---
LOGGING = logging_config(
    level=one_of(env, "LOG_LEVEL", default="INFO", choices=LEVELS),
    is_json=flag(env, "LOG_JSON", default=False),
)
DJANGO_STRUCTLOG_CELERY_ENABLED = False
