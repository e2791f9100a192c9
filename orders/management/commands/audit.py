"""`manage.py audit`: proves that all money adds up; exits with 1 and says what does not.

What stands still or cannot be explained is a warning and fails nothing: a stopped panel's money may
be sound.
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
    """Prints the proof, for people or as JSON."""

    help = "Prove that every wallet, every transfer and every order add up. Exits with 1 where something does not."

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object instead of sentences"
        )

    def handle(self, *, json: bool, **_: object) -> None:
        """Prove, print, and exit with 1 unless it is sound."""
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
            f"  account of the house {code}: {amount} {currency}"
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
