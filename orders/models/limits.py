"""Bounds that several kinds of rows share."""

from datetime import timedelta
from typing import Final

REASON_LENGTH: Final = 300  # characters of what staff give as a reason, or read as one
# For so long nobody else takes what a worker has claimed: longer than one call may take. Then the
# worker counts as dead.
CALL_LEASE: Final = timedelta(seconds=60)
