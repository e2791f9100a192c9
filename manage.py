#!/usr/bin/env python
"""Django's command line for the panel."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    from django.core.management import execute_from_command_line  # the settings must be named first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
