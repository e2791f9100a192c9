"""`python -m tests.faults`: times what customers wait for when a part is lost; exits with 1 where a
limit is missed.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.environment import ENVIRONMENT


def main() -> int:
    """Measure on a panel of its own and print the table."""
    data_dir = Path(tempfile.gettempdir()) / "panel-figures"
    os.environ |= {**ENVIRONMENT, "LOG_LEVEL": "CRITICAL", "PANEL_DATA_DIR": str(data_dir)}

    import django

    django.setup()
    from tests.faults.figures import measure  # Django must be set up first

    return measure()


if __name__ == "__main__":
    sys.exit(main())
