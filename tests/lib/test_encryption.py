"""Providers' keys at rest."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from catalog.provider_client import open_client
from lib.encryption import CannotUnseal, seal, unseal
from tests.factories import make_provider

KEY = "s3cret-key-of-ours"


def test_a_sealed_key_is_unreadable_and_comes_back() -> None:
    sealed = seal(KEY)

    assert KEY not in sealed
    assert unseal(sealed) == KEY
    assert seal(KEY) != sealed  # nobody can tell that two providers share a key


def test_an_older_key_still_opens_what_it_sealed(settings: Settings) -> None:
    sealed = seal(KEY)
    old = settings.ENCRYPTION_KEYS

    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]

    assert unseal(sealed) == KEY


def test_a_foreign_seal_is_not_opened_and_says_what_to_do(settings: Settings) -> None:
    sealed = seal(KEY)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CannotUnseal, match="enter it again"):
        unseal(sealed)


@pytest.mark.parametrize("keys", [[], ["too short"]])
def test_without_a_usable_encryption_key_nothing_is_stored_in_clear(
    settings: Settings, keys: list[str]
) -> None:
    settings.ENCRYPTION_KEYS = keys

    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
        seal(KEY)


@pytest.mark.django_db
def test_a_client_is_opened_with_the_key_and_does_not_show_it() -> None:
    provider = make_provider()
    provider.sealed_key = seal(KEY)

    with open_client(provider) as client:
        assert KEY not in repr(client)
        assert KEY not in repr(vars(client))
