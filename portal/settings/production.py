"""Behind a TLS-terminating proxy. Every value without a default must be set, or the start fails."""

from portal.settings.base import *
from portal.settings.env import env_bool, env_str

ALLOWED_HOSTS = [name.strip() for name in env_str("ALLOWED_HOSTS").split(",")]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=True)
# Health checks, and an MLflow beside the portal, come without the proxy. A webhook is known by its signature.
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^api/v1/mlflow-webhooks/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
