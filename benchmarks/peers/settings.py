"""A Django project with the three of them, as their documentation sets them up."""

import os

import dj_database_url

SECRET_KEY = os.environ["SECRET_KEY"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
_OWNER = os.environ.get("GATEHOUSE_DB_ROLE") == "owner"
_URL = os.environ["DATABASE_OWNER_URL" if _OWNER else "DATABASE_URL"]
DATABASES = {"default": dj_database_url.parse(_URL, conn_max_age=600)}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "auditlog",
    "simple_history",
    "pgtrigger",
    "pghistory",
    "benchmarks.peers.flat",
    "benchmarks.peers.tracked",
]
