"""Logging: one line per event, with request and task ids, without keys and passwords."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

LEVELS = {name: name for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}
_SECRET_NAMES = re.compile(
    r"(^|_)(key|password|secret|token|authorization|cookie|pepper)($|_)", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"""((?:^|[?&\s"'{,])["']?(?:[\w-]*[_-])?(?:key|password|secret|token|pepper)["']?\s*[=:]\s*["']?)[^&\s"',}]+"""
    r"""|(://[^\s/:@]*:)[^\s/@]+(?=@)""",  # the password of a URL
    re.IGNORECASE,
)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank values named like a secret, after `key=` and the like in texts, and in URLs."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = "…"
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub(r"\1\2…", value)
    return event


def logging_config(*, level: str, is_json: bool) -> dict[str, Any]:
    """The dictionary for `logging.config`, with one formatter for structlog and stdlib."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    }
