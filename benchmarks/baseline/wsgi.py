"""The baseline's WSGI entry point; DJANGO_SETTINGS_MODULE is set by the harness."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
