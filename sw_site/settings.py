"""One settings file. With nothing set it runs on SQLite under ./data; docs/settings.md lists every variable."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from sw_site.databases import database
from sw_site.env import env_bool, env_choice, env_int, env_list, env_secret, env_str
from sw_site.lib import brokers, openid
from sw_site.lib.files import choosing
from sw_site.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_str("DATA_DIR") or BASE_DIR / "data").resolve()

DEBUG = env_bool("SW_DEBUG")
SECRET_KEY = env_secret("SW_SECRET_KEY", DATA_DIR / "secret_key")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env_list("SW_HOSTS")]
CSRF_TRUSTED_ORIGINS = env_list("SW_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "sw_site.static_storage.ServedFiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "sw_site.accounts",
    "sw_site.jobs",
    "sw_site",
    "datasets",
    "training",
    "detections",
    "sw_site.team",
    "ninja",
]

MIDDLEWARE = [
    "sw_site.observing.middleware.watched",
    "sw_site.observing.middleware.probed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sw_site.team.middleware.ErrorShapeMiddleware",
    "sw_site.team.middleware.TokenMiddleware",
    "sw_site.team.middleware.EtagMiddleware",
    "sw_site.team.audit.AuditMiddleware",
    "sw_site.team.middleware.SentTwiceMiddleware",
    "sw_site.team.conditions.IfMatchMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "datasets.access.PolicyMiddleware",
    "sw_site.team.bodies.BodyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "sw_site.team.doors.demand.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sw_site.urls"
WSGI_APPLICATION = "sw_site.wsgi.application"
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
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": database(env_str("DATABASE_URL"), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Second factors and an OpenID Connect provider, by django-allauth; its own pages for accounts are not used.
ACCOUNT_ADAPTER = "sw_site.team.doors.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"reauthenticate": "sw_site.team.doors.forms.PasswordAgainForm"}
ACCOUNT_RATE_LIMITS = False  # sw_site.team.throttling counts, for all web processes together
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before ways in are added or taken away
MFA_ADAPTER = "sw_site.team.doors.adapters.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "sw_site.team.doors.forms.CodeForm",
    "reauthenticate": "sw_site.team.doors.forms.CodeAgainForm",
    "activate_totp": "sw_site.team.doors.forms.FirstCodeForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # clocks of phones may be half a minute off
#: Who has to have a second factor: optional, administrators or everybody.
SECOND_FACTOR = env_choice("SW_SECOND_FACTOR")
SOCIALACCOUNT_ADAPTER = "sw_site.team.doors.provider.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form that leads elsewhere is what the Content-Security-Policy forbids
SOCIALACCOUNT_PROVIDERS = openid.providers(
    env_str("SW_OIDC_ISSUER"), env_str("SW_OIDC_CLIENT_ID"), env_str("SW_OIDC_CLIENT_SECRET"), env_str("SW_OIDC_NAME")
)
#: What the button at the sign-in says; empty: there is no provider.
OIDC_NAME = env_str("SW_OIDC_NAME") if SOCIALACCOUNT_PROVIDERS else ""
#: Are accounts made for people whom the provider knows and this site does not, and for addresses of which domains?
OIDC_NEW_PEOPLE = env_bool("SW_OIDC_NEW_PEOPLE")
OIDC_DOMAINS = [domain.lower() for domain in env_list("SW_OIDC_DOMAINS")]

#: Requests to the API for each token: a number and s, m, h or d.
API_RATE = env_str("SW_API_RATE")
#: Machines of the house that webhooks may tell, besides those of the public internet.
WEBHOOK_HOSTS = env_list("SW_WEBHOOK_HOSTS")
#: What everybody signed in may do in a dataset that is made, until its managers say otherwise.
TEAM_ROLE = env_choice("SW_TEAM_ROLE")

#: Requests are counted where all web processes see them, when there is such a place.
if (SW_TASKS := brokers.chosen(env_str("SW_TASKS"))) != "database":
    CACHES = {"default": brokers.cache(env_str("REDIS_URL"))}

# Mail, for invitations. Without a host none is sent, and people are told to pass links on.
EMAIL_HOST = env_str("SW_MAIL_HOST")
EMAIL_PORT = env_int("SW_MAIL_PORT")
EMAIL_HOST_USER = env_str("SW_MAIL_USER")
EMAIL_HOST_PASSWORD = env_str("SW_MAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("SW_MAIL_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("SW_MAIL_FROM") or EMAIL_HOST_USER or "sw_site@localhost"

# Background work: the standard Task interface; the Job row (sw_site.jobs) is what people see.
TASKS = brokers.tasks(SW_TASKS)
REDIS_URL = brokers.redis_url(env_str("REDIS_URL"))
#: This machine's name among the workers.
HOST_NAME = env_str("SW_HOST_NAME") or socket.gethostname()
RQ_QUEUES = brokers.rq_queues(REDIS_URL, HOST_NAME)
if SW_TASKS == "rq":
    INSTALLED_APPS.append("django_rq")
JOB_HEARTBEAT_SECONDS = env_int("SW_JOB_HEARTBEAT")
JOB_LOST_AFTER_SECONDS = env_int("SW_JOB_LOST_AFTER")
#: Work that comes back: name, function that submits it, seconds between two starts.
JOB_SCHEDULE = [
    ("clean-up of sessions and messages", "sw_site.jobs.upkeep.submit_clean_up", 86_400),
    ("clean-up of uploads", "datasets.upkeep.submit_clean_up", 86_400),
    ("webhooks to try again", "sw_site.team.webhooks.delivering.submit_due", 30),
    ("replaced files of runs", "training.sharing.sending.clear_replaced", 3600),
    ("missing thumbnails", "datasets.upkeep.submit_missing_thumbnails", 3600),
]

# Lists of the API.
NINJA_PAGINATION_CLASS = "sw_site.lib.paging.Pages"

MEDIA_ROOT = DATA_DIR / "media"
RUNS_ROOT = DATA_DIR / "runs"
UPLOADS_ROOT = DATA_DIR / "uploads"
#: Where `manage.py backup` and the page Upkeep keep backups; better on another disk.
BACKUP_DIR = env_str("SW_BACKUP_DIR")
#: What the folders of runs may take; working files of the oldest go first. 0 is no limit.
RUNS_BUDGET_GB = env_int("SW_RUNS_DISK_GB")
#: Between two times that what a training has written is sent to the bucket, where there is one.
SHARE_RUNS_SECONDS = env_int("SW_S3_RUN_SECONDS")
#: Where images may come from besides uploads; both are off until whoever runs the site says otherwise.
IMPORT_ROOTS = env_list("SW_IMPORT_ROOTS")
URL_IMPORT = env_bool("SW_URL_IMPORT")
#: Where archives of the model zoo are fetched from; a mirror may be a private machine.
ZOO_URL = env_str("SW_ZOO_URL").rstrip("/") + "/"
#: Where the web server in front finds MEDIA_ROOT as an internal location; empty: Django sends files itself.
ACCEL_PREFIX = f"/{env_str('SW_ACCEL_PREFIX').strip('/')}/" if env_str("SW_ACCEL_PREFIX") else ""
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": choosing.storage(DATA_DIR / "cache" / "files"),
    "staticfiles": {"BACKEND": "sw_site.static_storage.StaticStorage"},
}
# Uploads go to disk in pieces; what is limited is the size of one file and the number of form fields, not the sum.
DATA_UPLOAD_MAX_NUMBER_FILES = 5000
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None

LANGUAGE_CODE = "en"
TIME_ZONE = env_str("TZ")
USE_TZ = True
USE_I18N = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *choosing.origins(STORAGES["default"])],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
# SW_HTTPS=1 says that the site is reached over TLS (usually behind a proxy): cookies and links become https-only.
HTTPS = env_bool("SW_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env_bool("SW_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

LOGGING = logging_config(env_str("SW_LOG_FORMAT"), env_str("SW_LOG_LEVEL"))
#: A log line for each request.
ACCESS_LOG = env_bool("SW_ACCESS_LOG")
#: Whoever sends it as a bearer token may read /metrics; without one nobody may.
METRICS_TOKEN = env_str("SW_METRICS_TOKEN")
#: With less room than this the site says that it is not ready.
MIN_FREE_BYTES = env_int("SW_MIN_FREE_MB") * 2**20
