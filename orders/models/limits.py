"""Bounds that several kinds of rows share."""

from typing import Final

TEXT_LENGTH: Final = 500  # characters of a timeline entry and of a review
REASON_LENGTH: Final = 300  # characters of a problem, a reason or a note; longer ones are cut
