"""What gunicorn says of requests that it cannot read: which rule they break, never what was sent,
keys and all.
"""

import logging
import re
from typing import Final

from gunicorn.config import Config
from gunicorn.glogging import Logger

# "Invalid request from ip=::1: Invalid HTTP request line: 'key=…'": the last part is the sender's
SENT: Final = re.compile(r"^(Invalid request from ip=\S*: [^:'\"]+).*", re.DOTALL)
QUERY: Final = re.compile(r"\?\S*")


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own log without what a request said."""

    def setup(self, cfg: Config) -> None:
        """Begin to log, and to leave out."""
        super().setup(cfg)
        self.error_log.addFilter(leave_out)


def leave_out(record: logging.LogRecord) -> bool:
    """Cut the sender's part off a line; every line is logged."""
    record.msg, record.args = QUERY.sub("?…", SENT.sub(r"\1", record.getMessage())), ()
    return True
