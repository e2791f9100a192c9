"""One provider for these tests, fresh for each of them; and a bare client that sees bytes."""

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.double.handle import ProviderDouble

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def running() -> Iterator[ProviderDouble]:
    with ProviderDouble() as provider:
        yield provider


@pytest.fixture
def provider(running: ProviderDouble) -> ProviderDouble:
    running.reset()
    return running


@pytest.fixture
def ask(provider: ProviderDouble) -> Ask:
    """POST one action with the right key; never follows a redirect."""

    def post(action: str, **fields: object) -> requests.Response:
        data = {"key": provider.key, "action": action, **fields}
        return requests.post(provider.url, data=data, timeout=60, allow_redirects=False)

    return post
