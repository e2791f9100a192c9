"""One form of an e-mail address."""

import pytest

from lib.email_addresses import normal_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Ann@Example.COM\n", "ann@example.com"),
        ("\u200bann@exa\u00admple.com\ufeff", "ann@example.com"),
        ("an n@example. com", "ann@example.com"),
        ("ann＠example.com", "ann@example.com"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@bu\u0308cher。example", "ann@xn--bcher-kva.example"),
        ("ann@XN--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("müller@example.com", "müller@example.com"),
        ("no address", "noaddress"),
        ("ann@", "ann@"),
        ("ann@ü..example", "ann@ü..example"),
    ],
)
def test_address_has_one_form(typed: str, address: str) -> None:
    assert (normal_email(typed), normal_email(address)) == (address, address)
