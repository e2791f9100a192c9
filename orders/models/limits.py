"""Bounds that several kinds of rows share."""

from datetime import timedelta
from typing import Final

TEXT_LENGTH: Final = 500  # characters of a timeline entry and of a review
REASON_LENGTH: Final = 300  # characters of a problem, a reason or a note; longer ones are cut
# Nobody else takes what a worker has claimed for this long, which is longer than one call may take.
# Then the worker counts as dead.
CALL_LEASE: Final = timedelta(seconds=60)
