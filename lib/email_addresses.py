"""One form of an e-mail address, so that one mailbox is one account."""

import unicodedata

import idna

from lib.typed_text import compact


def normal_email(text: str) -> str:
    """In lower case, without blanks and unseen characters, its domain in ASCII.

    What is no address comes back as far as it could be cleaned; validation refuses it.
    """
    text = unicodedata.normalize("NFKC", compact(text)).lower()
    name, at, domain = text.rpartition("@")
    return f"{name}{at}{_ascii_domain(domain)}"


def search_form(text: str) -> str:
    """A part of an address in the form in which addresses are stored."""
    text = normal_email(text)
    return text if text.isascii() or "@" in text else _ascii_domain(text)


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
