"""What holds in every environment. What an installation sets comes from its environment."""

from pathlib import Path
from typing import Any

import dj_database_url

from portal.settings.env import env_bool, env_choice, env_int, env_list, env_str

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = env_str("SECRET_KEY")
# Wraps the keys of names and free texts (docs/privacy.md). Several, separated by white space: the first
# wraps, all of them unwrap.
PRIVACY_KEY = env_str("PRIVACY_KEY")
DEBUG = False
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "guardian",
    "rest_framework",
    "audit",
    "catalog",
    "models_registry",
    "releases",
    "deployments",
    "integrations",
    "portal",
]

# Proxies of our own before the web process; each appends its caller to X-Forwarded-For. The header is
# believed as far as that and no further.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", default=0, least=0)

MIDDLEWARE = [
    "portal.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.ContentPolicyMiddleware",
    "portal.api.middleware.ProblemMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.AuthenticationMiddleware",
    "portal.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.request_log.RequestLogMiddleware",
    "portal.middleware.BodySizeMiddleware",
    "portal.middleware.OriginMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.api.idempotency.IdempotencyMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["catalog.templatetags.components"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.navigation",
                "audit.banner.log_alarms",
            ],
        },
    },
]

# The web and the workers connect as the application role, which may not touch the audit log's past.
# `manage.py migrate` connects as the schema's owner: GATEHOUSE_DB_ROLE=owner chooses that URL.
_DATABASE_URL = (
    env_str("DATABASE_OWNER_URL", default=env_str("DATABASE_URL"))
    if env_str("GATEHOUSE_DB_ROLE", default="app") == "owner"
    else env_str("DATABASE_URL")
)
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(_DATABASE_URL, conn_max_age=600, conn_health_checks=True),
    },
}
# A hung transaction must not hold an environment or a request for ever.
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault(
    "options", "-c statement_timeout=30000 -c lock_timeout=10000 -c synchronous_commit=on"
)
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
# For the few statements that ask for it (catalog/statement.py). Behind a pooler that gives each
# transaction another connection: DATABASE_PREPARES=False.
DATABASES["default"]["OPTIONS"].setdefault(
    "prepare_threshold", 0 if env_bool("DATABASE_PREPARES", default=True) else None
)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_str("REDIS_URL")
# A database of its own where there is one: clearing the cache must not empty the queues.
CACHE_URL = env_str("CACHE_URL", default=REDIS_URL)
CELERY_BROKER_URL = REDIS_URL
CACHES = {
    "default": {
        "BACKEND": "portal.cache.ForgivingRedisCache",
        "LOCATION": CACHE_URL,
        # The newer protocol brings a handshake for a hosted product, which sometimes fails elsewhere.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2, "protocol": 2},
    },
}

AUTH_USER_MODEL = "catalog.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ANONYMOUS_USER_NAME = None  # guardian: nobody who is not signed in holds a permission
GUARDIAN_MONKEY_PATCH_USER = False

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.sign_in.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_USER_DISPLAY = "catalog.people.display_name"
ACCOUNT_PREVENT_ENUMERATION = True

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env_str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "evidence": {
        "BACKEND": "releases.storage.DurableFileSystemStorage",
        "OPTIONS": {
            "location": env_str("EVIDENCE_ROOT", default=str(BASE_DIR / ".gatehouse" / "evidence")),
            "file_permissions_mode": 0o440,
        },
    },
}
PACKS_ROOT = env_str("PACKS_ROOT", default=str(BASE_DIR / ".gatehouse" / "packs"))
STORAGES["packs"] = {
    "BACKEND": "releases.storage.DurableFileSystemStorage",
    "OPTIONS": {
        "location": PACKS_ROOT,
        "file_permissions_mode": 0o440,
    },
}
EVIDENCE_MAX_BYTES = env_int("EVIDENCE_MAX_BYTES", default=32 * 1024 * 1024)
EVIDENCE_PARSERS = {
    "datasets": "releases.parsers.datasets.DatasetsParser",
    "dvc": "releases.parsers.dvc.DvcParser",
    "evidently": "releases.parsers.evidently.EvidentlyParser",
    "fairness": "releases.parsers.fairness.FairnessParser",
    "great_expectations": "releases.parsers.great_expectations.GreatExpectationsParser",
    "junit": "releases.parsers.junit.JUnitParser",
    "metrics": "releases.parsers.metrics.MetricsParser",
    "sarif": "releases.parsers.sarif.SarifParser",
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A model card has up to 300 rows of each kind, and every row has a box per column.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 8000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "catalog.api.authentication.TokenScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.renderers.OrjsonRenderer"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["portal.api.throttling.AccountThrottle"],
    "DEFAULT_THROTTLE_RATES": {"account": env_str("API_THROTTLE", default="3000/min")},
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "portal.api.errors.exception_handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Threads of one web process, as the server was started; half of them may hold a call that waits.
WEB_THREADS = env_int("WEB_THREADS", default=4)
VERDICT_WAITERS = max(1, WEB_THREADS // 2)
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Releases on their way: evidence, policy, approvals, carry-out.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["portal.api.openapi.complete"],
    "PATH_CONVERTER_OVERRIDES": {
        "api_number": {"type": "string", "pattern": "^(CR-)?[0-9]{1,19}$"},
        "api_name": {"type": "string", "minLength": 1, "maxLength": 300},
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

# Who may read which part of the audit log, asked by the app that knows no people.
AUDIT_REACH = "catalog.audit_reach.projects_audited_by"
AUDIT_READER = "catalog.audit_reader.reach_of"
AUDIT_NAMES = "catalog.audit_names.known_by"
AUDIT_ENVIRONMENT_STREAMS = [
    "catalog.audit_streams.OF_ENVIRONMENT",
    "releases.audit_streams.OF_ENVIRONMENT",
]
AUDIT_ADDRESSES = "portal.audit_addresses.address_of"
AUDIT_PAGES = "portal.audit_addresses.page_of"
AUDIT_ACTOR = "catalog.models.the_portal"
AUDIT_STREAMING_RULE = "catalog.audit_streaming.may_stream"
AUDIT_EVENTS = [
    "audit.packs.events.PackEvent",
    "audit.list_export.events.ExportEvent",
    "audit.saved.events.SavedViewEvent",
    "audit.streaming.events.StreamEvent",
    "audit.audit_events.AuditEvent",
    "audit.privacy.events.PrivacyEvent",
    "catalog.audit_events.CatalogEvent",
    "models_registry.audit_events.ModelEvent",
    "models_registry.audit_events.RetrainingEvent",
    "releases.audit_events.ReleaseEvent",
    "deployments.audit_events.DeploymentEvent",
    "portal.audit_events.PortalEvent",
]

AUDIT_REQUEST_EXISTS = "releases.audit_holds.exists"
# What is erased of a person beside the log, from the top downwards: names are still known above.
AUDIT_ERASERS = [
    "portal.erasure.erase",
    "deployments.erasure.erase",
    "releases.erasure.erase",
    "models_registry.erasure.erase",
    "audit.packs.erasure.erase",
    "audit.saved.erasure.erase",
    "audit.streaming.erasure.erase",
    "catalog.erasure.erase",
]

# The verifiable log (docs/witnesses.md). Its own processes read the same variables by themselves.
LOG_ROOT = Path(env_str("LOG_ROOT", default=str(BASE_DIR / ".gatehouse" / "log")))
DATABASE_SIGNER_URL = env_str("DATABASE_SIGNER_URL", default="")
# A tlog-policy file: which witnesses there are, and how many of them suffice. Empty: nobody witnesses.
WITNESS_POLICY_FILE = env_str("WITNESS_POLICY_FILE", default="")
# An RFC 3161 authority, and the PEM file with the certificates under which its stamps are believed.
TIMESTAMP_URL = env_str("TIMESTAMP_URL", default="")
TIMESTAMP_ROOTS_FILE = env_str("TIMESTAMP_ROOTS_FILE", default="")
# Where checkpoints go besides: addresses of people, the working copy of a Git repository, a store that
# keeps what it was given. Each is switched off while it is empty.
CHECKPOINT_MAIL_TO = env_list("CHECKPOINT_MAIL_TO")
EMAIL_HOST = env_str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env_int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", default="gatehouse@localhost")
CHECKPOINT_GIT_DIRECTORY = env_str("CHECKPOINT_GIT_DIRECTORY", default="")
CHECKPOINT_STORE = env_str(
    "CHECKPOINT_STORE", default="audit.fallbacks.directory.AppendOnlyDirectory"
)
CHECKPOINT_STORE_PLACE = env_str("CHECKPOINT_STORE_PLACE", default="")
# For audit.fallbacks.locked_bucket.LockedBucket: a store that speaks S3 (AWS when there is no endpoint).
CHECKPOINT_S3_ENDPOINT = env_str("CHECKPOINT_S3_ENDPOINT", default="")
CHECKPOINT_S3_REGION = env_str("CHECKPOINT_S3_REGION", default="us-east-1")
CHECKPOINT_S3_CREDENTIALS_FILE = env_str("CHECKPOINT_S3_CREDENTIALS_FILE", default="")
CHECKPOINT_S3_CA_FILE = env_str("CHECKPOINT_S3_CA_FILE", default="")
CHECKPOINT_S3_LOCK_MODE = env_choice(
    "CHECKPOINT_S3_LOCK_MODE", ("COMPLIANCE", "GOVERNANCE"), default="COMPLIANCE"
)
CHECKPOINT_S3_LOCK_DAYS = env_int("CHECKPOINT_S3_LOCK_DAYS", default=400, least=1)
# Who may read /metrics: this token as a bearer, or a caller on the same machine.
METRICS_TOKEN = env_str("METRICS_TOKEN", default="")
# What is counted on both sides, in the tables and in the log; each app names its own.
AUDIT_RECONCILIATION = [
    "audit.completeness.populations.POPULATIONS",
    "audit.privacy.reconciliation.POPULATIONS",
    "catalog.audit_reconciliation.POPULATIONS",
    "models_registry.audit_reconciliation.POPULATIONS",
    "releases.audit_reconciliation.POPULATIONS",
    "deployments.audit_reconciliation.POPULATIONS",
]

# Evidence packs: the lists in them, their attachments, and the key that signs their manifests.
AUDIT_POPULATIONS = [
    "audit.packs.own_lists.SOURCE",
    "catalog.audit_populations.SOURCE",
    "models_registry.audit_populations.SOURCE",
    "releases.audit_populations.SOURCE",
    "deployments.audit_populations.SOURCE",
]
# What the records show of controls, and further catalogues of controls (docs/compliance.md).
AUDIT_CHECKS = [
    "audit.controls.own_checks.SOURCE",
    "catalog.audit_checks.SOURCE",
    "releases.audit_checks.SOURCE",
    "deployments.audit_checks.SOURCE",
]
CONTROLS_DIR = env_str("CONTROLS_DIR", default="")
AUDIT_ATTACHMENTS = "releases.attachments.open_attachment"
AUDIT_SCOPE_EXISTS = "catalog.audit_scope.exists"
AUDIT_NUDGE = "catalog.nudges.nudge"
# Where a pack lies while it is put together: it may be large, and /tmp may be memory.
PACK_SCRATCH = env_str("PACK_SCRATCH", default=PACKS_ROOT)
PACK_KEY_FILE = env_str("PACK_KEY_FILE", default=str(BASE_DIR / ".gatehouse" / "pack-key"))

# MLflow (docs/models.md). Files with the credentials of tracking servers and the secrets of their webhooks.
MODEL_REGISTRY_CLIENT = "models_registry.clients.mlflow.connect"
MLFLOW_TRACKING_URI = env_str("MLFLOW_TRACKING_URI", default="")  # the demo's, beside `make run`
MLFLOW_CREDENTIALS_DIR = env_str("MLFLOW_CREDENTIALS_DIR", default="")
MLFLOW_CA_FILE = env_str("MLFLOW_CA_FILE", default="")
# How often everything in a registry is compared, and how much of a model's files is read for its digest.
MODELS_SYNC_SECONDS = env_int("MODELS_SYNC_SECONDS", default=60)
MODELS_LEASE_SECONDS = env_int("MODELS_LEASE_SECONDS", default=300)
MODEL_FILES_MAX_BYTES = env_int("MODEL_FILES_MAX_BYTES", default=2 * 1024 * 1024 * 1024)
# A version is taken in completely when its run has ended, or after this long.
MODEL_RUN_PATIENCE_SECONDS = env_int("MODEL_RUN_PATIENCE_SECONDS", default=600)

# Retraining: how long one worker has to see to a request, how often a training is looked after, the first
# pause after no answer, and how long a call is left alone before somebody asks what became of it.
RETRAINING_LEASE_SECONDS = env_int("RETRAINING_LEASE_SECONDS", default=120)
RETRAINING_LOOK_SECONDS = env_int("RETRAINING_LOOK_SECONDS", default=30)
RETRAINING_RETRY_SECONDS = env_int("RETRAINING_RETRY_SECONDS", default=10)
RETRAINING_SETTLE_SECONDS = env_int("RETRAINING_SETTLE_SECONDS", default=60)

# What other apps say about a model version on its page: (version, caller) -> Section or None.
MODEL_VERSION_SECTIONS = [
    "models_registry.retraining_look.answered_by",
    "releases.cards.section.card_section",
    "deployments.lineage.section.lineage_section",
    "releases.comparing.section.comparison_section",
]
# After how many months a model card is reviewed again, by its risk tier (docs/models.md).
MODEL_CARD_REVIEW_MONTHS = {"critical": 3, "high": 6, "medium": 12, "low": 24}

CLUSTER_CLIENT = "deployments.clients.kubernetes.connect"
KUBERNETES_CREDENTIALS_DIR = env_str("KUBERNETES_CREDENTIALS_DIR", default="")
CARRY_OUT_LEASE_SECONDS = env_int("CARRY_OUT_LEASE_SECONDS", default=30)
# A target that does not answer is asked this often in a row, after pauses that double from the first.
CARRY_OUT_TRIES = env_int("CARRY_OUT_TRIES", default=6)
CARRY_OUT_RETRY_SECONDS = env_int("CARRY_OUT_RETRY_SECONDS", default=5)
# How long a new pod may be unable to start before its rollout has failed; a first crash may pass.
CARRY_OUT_PATIENCE_SECONDS = env_int("CARRY_OUT_PATIENCE_SECONDS", default=60)
# Files that hold the secrets with which webhook executors are signed; targets name them.
WEBHOOK_SECRETS_DIR = env_str("WEBHOOK_SECRETS_DIR", default="")
# Sending the log to a SIEM (docs/siem.md): secrets and certificates that destinations name, and where their
# files of JSON lines lie. Only the streamer reads the one and writes the other.
STREAMING_SECRETS_DIR = env_str("STREAMING_SECRETS_DIR", default=WEBHOOK_SECRETS_DIR)
# Files with the tokens of CI systems and the secrets of webhooks that retraining triggers name.
RETRAINING_SECRETS_DIR = env_str("RETRAINING_SECRETS_DIR", default=WEBHOOK_SECRETS_DIR)
STREAMING_ROOT = env_str("STREAMING_ROOT", default=str(BASE_DIR / ".gatehouse" / "stream"))
# Beyond these a destination is an alarm: the age of what it lacks, and how many entries it refused for good.
STREAMING_ALARM_SECONDS = env_int("STREAMING_ALARM_SECONDS", default=900, least=1)
STREAMING_ALARM_DEAD_LETTERS = env_int("STREAMING_ALARM_DEAD_LETTERS", default=10, least=0)
STATEMENT_TARGET = "deployments.statement.target_of"
# What serves in an environment now: the champion of a comparison.
CHAMPIONS = "deployments.running.champions_in"
TARGET_OBSTACLES = "deployments.obstacles.obstacles_of"
# What Gatehouse may POST to besides public addresses (webhook executors inside the network).
OUTGOING_ALLOWED_HOSTS = env_list("OUTGOING_ALLOWED_HOSTS")
# The demo's cluster, where there is one; and the owner's database address, which only the demo's
# loader uses besides `migrate`.
SANDBOX_CLUSTER_URL = env_str("SANDBOX_CLUSTER_URL", default="")
SANDBOX_CLUSTER_CREDENTIALS = env_str("SANDBOX_CLUSTER_CREDENTIALS", default="")
DATABASE_OWNER_URL = env_str("DATABASE_OWNER_URL", default="")
PUBLIC_URL = env_str("PUBLIC_URL", default="http://localhost:8000")

SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # the anonymous user is switched off on purpose

LOGGING_CONFIG = None
from portal.logging import configure_logging  # noqa: E402 -- needs nothing of the settings above

configure_logging(
    as_json=env_bool("LOG_JSON", default=False), level=env_str("LOG_LEVEL", default="INFO")
)
