"""Points at which a test may kill the worker, to show what a crash there leaves behind.

With FAULT_POINT in the environment set to one of the names below, the process that reaches the
point ends with SIGKILL, without any clean-up. Otherwise `reach` does nothing. For tests only.
"""

import os
import signal
from typing import Final, Literal

Point = Literal[
    "in_claim",  # attempt and order written, not committed
    "after_claim",  # RP1: committed; no byte may be sent yet
    "before_rp2",  # TCP and TLS are up
    "after_rp2",  # committed as sent; no byte has left
    "after_send",  # the outcome is in memory
    "in_record",  # the outcome is written, not committed
    "after_record",  # RP3: committed
]
VARIABLE: Final = "FAULT_POINT"


def reach(point: Point) -> None:
    """End this process here if a test asks for it."""
    if os.environ.get(VARIABLE) == point:
        os.kill(os.getpid(), signal.SIGKILL)
