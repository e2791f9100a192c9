"""`python -m tests.chaos --seeds N --orders N`: the long run; prints the table, exits with 1 on any
violation.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.environment import ENVIRONMENT


def main() -> int:
    """Run all seeds and print what they came to."""
    parser = argparse.ArgumentParser(
        description="Hurt the running panel at random and judge what is left."
    )
    parser.add_argument(
        "--seeds", type=int, default=1, help="how many runs, each on a panel of its own"
    )
    parser.add_argument("--first-seed", type=int, default=1, help="the number of the first run")
    parser.add_argument("--orders", type=int, default=10_000, help="orders in each run")
    parser.add_argument(
        "--no-probe",
        action="store_true",
        help="let providers not be probed: staff settle all doubts",
    )
    chosen = parser.parse_args()
    os.environ |= {
        **ENVIRONMENT,
        "LOG_LEVEL": "ERROR",
        "PANEL_DATA_DIR": str(Path(tempfile.gettempdir()) / "panel-chaos"),
    }

    import django

    django.setup()
    from tests.chaos.report import table  # Django must be set up first
    from tests.chaos.run import Wanted, run

    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    is_probe_allowed = not chosen.no_probe
    outcomes = [
        run(Wanted(seed=seed, orders=chosen.orders, is_probe_allowed=is_probe_allowed, tell=say))
        for seed in seeds
    ]
    for line in table(outcomes):
        say(line)
    wrong = Counter(
        sentence for each in outcomes for sentence in (*each.judgement.violations, *each.problems)
    )
    for sentence, count in wrong.most_common(50):
        say(f"WRONG ×{count}: {sentence}")
    return 1 if wrong else 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
