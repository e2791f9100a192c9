"""Advisory locks, seen from a second session: a session may take its own lock again and again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from lib.advisory_locks import only_one

pytestmark = pytest.mark.django_db


def is_free(name: str) -> bool:
    """Whether another session is the only one in a block of that name."""

    def look() -> bool:
        try:
            with only_one(name) as is_ours:
                return is_ours
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(look).result(timeout=60)


def test_lock_is_held_inside_its_block_and_given_back_at_the_end() -> None:
    with only_one("something") as is_ours:
        is_free_inside, is_another_free = is_free("something"), is_free("something else")

    assert is_ours
    assert not is_free_inside
    assert is_another_free
    assert is_free("something")


def test_lock_is_given_back_when_its_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), only_one("something"):
        raise ZeroDivisionError

    assert is_free("something")
