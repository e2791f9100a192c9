"""The running panel as a fixture: `manage.py up` as a real process on a data folder of its own."""

import pytest  # noqa: F401
