"""Structured logs: one event a line, for people or as JSON; secrets are removed before they are written."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|csrf|api_?key", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"gh_[A-Za-z0-9_-]{20,}|whsec_[A-Za-z0-9+/=_-]{8,}|PRIVATE\+KEY\+\S+|Bearer\s+\S+"
    r"|://[^/\s:@]*:[^/\s@]+@|[?&](?i:password|secret|token|api_?key)=[^&\s'\"]+"
)
REMOVED = "[removed]"


def remove_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what is named like a secret, and what looks like one in the text."""
    for key, value in event.items():
        if _SECRET_NAMES.search(key):
            event[key] = REMOVED
        elif isinstance(value, str):
            event[key] = _SECRET_VALUES.sub(REMOVED, value)
    return event


def configure_logging(*, as_json: bool, level: str) -> None:
    """Route the standard library's and structlog's events through one chain to stderr."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        remove_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": chain,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            # httpx tells every address that it calls, and a webhook's address may hold a secret.
            "loggers": {"httpx": {"level": "WARNING"}},
        }
    )
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
