"""Points at which a test may kill the worker, to prove what a crash there leaves behind.

With the environment variable FAULT_POINT set to one of the names below, the process that reaches
the point ends with SIGKILL: no clean-up, no farewell, as in a power cut. Without it, `reach` does
nothing. Never set it in earnest.
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
    """Die here when a test asks for it."""
    if os.environ.get(VARIABLE) == point:
        os.kill(os.getpid(), signal.SIGKILL)
