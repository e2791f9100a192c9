#!/usr/bin/env python
"""Django's command line for the panel."""

import os
import sys


def main() -> None:
    """Run one management command; say in one line what is wrong with the settings or the
    database.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    from django.core.exceptions import ImproperlyConfigured  # the settings must be named first
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from panel.command_errors import explain

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError) as error:
        explanation = explain(error)
        if explanation is None:
            raise
        sys.exit(explanation)


if __name__ == "__main__":
    main()
