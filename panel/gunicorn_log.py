"""Gunicorn's log without the content of unreadable requests, which may hold keys."""

import logging
import re
from typing import Final

from gunicorn.config import Config
from gunicorn.glogging import Logger

# "Invalid request from ip=::1: Invalid HTTP request line: 'key=…'": the end is the client's
SENT: Final = re.compile(r"^(Invalid request from ip=\S*: [^:'\"]+).*", re.DOTALL)
QUERY: Final = re.compile(r"\?\S*")


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's log without request content."""

    def setup(self, cfg: Config) -> None:
        """Set up the log and its filter."""
        super().setup(cfg)
        self.error_log.addFilter(leave_out)


def leave_out(record: logging.LogRecord) -> bool:
    """Remove request content from a line. Every line is logged."""
    record.msg, record.args = QUERY.sub("?…", SENT.sub(r"\1", record.getMessage())), ()
    return True
