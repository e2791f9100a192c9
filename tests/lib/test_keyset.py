"""A keyset page holds what lies beyond a key, and says where the next pages begin."""

import pytest

from accounts.models import User
from lib.keyset import newest_first, oldest_first
from tests.factories import make_user

pytestmark = pytest.mark.django_db

Found = tuple[list[int], int | None, int | None]


@pytest.fixture
def keys() -> list[int]:
    """Five rows, the oldest first."""
    return [make_user().pk for _ in range(5)]


def newest(before: int | None = None, after: int | None = None) -> Found:
    page = newest_first(User.objects.all(), size=2, before=before, after=after)
    return [user.pk for user in page.rows], page.newer_than, page.older_than


def oldest(after: int | None = None) -> Found:
    page = oldest_first(User.objects.all(), size=2, after=after)
    return [user.pk for user in page.rows], page.newer_than, page.older_than


def test_newest_first_is_read_down_to_the_end_and_up_again(keys: list[int]) -> None:
    a, b, c, d, e = keys

    assert newest() == ([e, d], None, d)
    assert newest(before=d) == ([c, b], c, b)
    assert newest(before=b) == ([a], a, None)
    assert newest(after=a) == ([c, b], c, b)
    assert newest(after=c) == ([e, d], None, d)


def test_page_that_just_holds_the_rest_is_the_last(keys: list[int]) -> None:
    *_, a, b = keys
    User.objects.exclude(pk__in=[a, b]).delete()

    assert newest() == ([b, a], None, None)
    assert oldest() == ([a, b], None, None)


def test_page_beyond_the_ends_is_empty(keys: list[int]) -> None:
    assert newest(before=keys[0]) == ([], None, None)
    assert newest(after=keys[-1]) == ([], None, None)
    assert oldest(after=keys[-1]) == ([], None, None)


def test_queue_is_read_forwards(keys: list[int]) -> None:
    a, b, c, d, e = keys

    assert oldest() == ([a, b], b, None)
    assert oldest(after=b) == ([c, d], d, None)
    assert oldest(after=d) == ([e], None, None)
