"""`manage.py audit`: checks that all money adds up; exits with 1 and says what does not.

Work that stands still is a warning and fails nothing.
"""

import json
import sys
from collections.abc import Sequence

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orders.audit.concerns import Concern, look
from orders.audit.prove_all import FullAudit, prove


class Command(BaseCommand):
    """Prints the audit, for people or as JSON."""

    help = (
        "Check that every wallet, transfer and order adds up. Exits with 1 if something does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --json."""
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object instead of sentences"
        )

    def handle(self, *, json: bool, **_: object) -> None:
        """Check, print, and exit with 1 on findings."""
        audit, concerns = prove(), look(now=timezone.now())
        self.stdout.write(_as_json(audit, concerns) if json else _as_text(audit, concerns))
        if not audit.is_sound:
            sys.exit(1)


def _as_json(audit: FullAudit, concerns: Sequence[Concern]) -> str:
    told = {
        "is_sound": audit.is_sound,
        "figures": audit.figures,
        "findings": audit.findings,
        "concerns": [concern.text for concern in concerns],
    }
    return json.dumps(told, indent=2)


def _as_text(audit: FullAudit, concerns: Sequence[Concern]) -> str:
    figures, ledger, currency = audit.figures, audit.figures["ledger"], settings.PANEL_CURRENCY
    lines = [
        f"{ledger['wallets']:,} wallets hold {ledger['wallets_total']} {currency}",
        f"{ledger['transfers']:,} transfers",
        *(
            f"  house account {code}: {amount} {currency}"
            for code, amount in ledger["house"].items()
        ),
        f"{figures['orders']:,} orders",
        f"  charged {figures['charged']} {currency}, refunded {figures['refunded']} {currency}",
        *(f"Warning: {concern.text}" for concern in concerns),
    ]
    if audit.is_sound:
        return "\n".join([*lines, "Everything adds up."])
    wrong = [f"  {finding}" for finding in audit.findings]
    return "\n".join([*lines, f"IT DOES NOT ADD UP ({len(wrong)} findings):", *wrong])
