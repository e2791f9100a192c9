"""What goes wrong at the providers during a run: more than a tenth of all orders meet a fault of
one of these modes.
"""

from tests.double.handle import ProviderDouble

# Placed, but the answer says nothing, or nothing that may be believed.
PLACED = (
    "commit_hang",
    "commit_reset",
    "commit_close",
    "commit_empty",
    "commit_http500",
    "commit_http502",
    "commit_http503",
    "commit_http429",
    "commit_html200",
    "commit_redirect",
    "commit_truncated",
    "commit_cut_off",
    "commit_slow_drip",
    "commit_wrong_type",
    "commit_no_order_id",
    "commit_internal_error",
    "late_commit",
)
NOT_PLACED = (
    "nocommit_hang",
    "nocommit_reset",
    "nocommit_close",
    "nocommit_http500",
    "nocommit_http429",
    "nocommit_html200",
    "nocommit_truncated",
    "nocommit_internal_error",
    "refuse",
)
SHARE = 0.0042  # of the orders, for each mode: 11 % in all
# Of the answers about orders. None may be seen twice and be believed: that a lie is told twice is
# nobody's to know.
STATUS = (
    "http500",
    "html200",
    "hang",
    "truncated",
    "missing_ids",
    "foreign_ids",
    "unknown_word",
    "delayed",
)
STATUS_SHARE = 0.01


def spoil(double: ProviderDouble) -> None:
    """Switch all faults on."""
    for mode in (*PLACED, *NOT_PLACED):
        double.fault(
            "add", mode, probability=SHARE, **({"seconds": 3.0} if mode == "late_commit" else {})
        )
    for mode in STATUS:
        double.fault("status", mode, probability=STATUS_SHARE)


def count_struck(double: ProviderDouble) -> int:
    """How many orders met a fault."""
    return sum(int(row["struck"]) for row in double.faults() if row["action"] == "add")
