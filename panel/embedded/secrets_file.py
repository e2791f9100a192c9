"""The secrets of a data folder: created once by `up` or `demo`, read by the settings."""

import base64
import json
import os
import secrets as random
from dataclasses import asdict, dataclass, field
from pathlib import Path

from panel.embedded.paths import Paths


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Secrets that must never change for a database. Empty until they are created."""

    secret_key: str = field(default="", repr=False)
    # Fernet keys, newest first
    encryption_keys: list[str] = field(default_factory=list, repr=False)
    api_key_pepper: str = field(default="", repr=False)


def secrets(data_dir: Path | str) -> Secrets:
    """The secrets in `data_dir`, empty if there are none. Raises ValueError if damaged."""
    path = Paths.of(data_dir).secrets
    try:
        return Secrets(**json.loads(path.read_text()))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return Secrets()  # whatever needs one names the missing one
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is damaged: restore it from a backup; provider keys cannot be read without it"
        ) from error


def make_secrets(data_dir: Path | str) -> Secrets:
    """Create the secrets of `data_dir` if it has none. Atomic, mode 0600."""
    path = Paths.of(data_dir).secrets
    if not path.exists():
        made = Secrets(
            secret_key=random.token_urlsafe(50),
            encryption_keys=[base64.urlsafe_b64encode(random.token_bytes(32)).decode()],
            api_key_pepper=random.token_urlsafe(32),
        )
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(made), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    return secrets(data_dir)
