"""The languages of samples in documents that this machine can run."""

import os
import shutil
from collections.abc import Mapping

import pytest


def installed(programs: Mapping[str, str]) -> list[object]:
    """One test parameter for each language, by what runs it.

    A language that this machine does not have is skipped; where CI is set, all must run.
    """
    return [pytest.param(language, marks=_marks(program)) for language, program in programs.items()]


def _marks(program: str) -> list[pytest.MarkDecorator]:
    if os.environ.get("CI") or shutil.which(program):
        return []
    reason = f"{program} is not installed: `make test` installs it on Debian as root"
    return [pytest.mark.skip(reason=reason)]
