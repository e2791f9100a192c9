"""Search of services by words and id, and their categories."""

from typing import Final

from django.db.models import Q

from catalog.models import Category, ServiceQuerySet

MAX_WORDS: Final = 8  # further words are ignored


def matching(services: ServiceQuerySet, *, words: str) -> ServiceQuerySet:
    """Services whose name or category, as customers read them, has every word, or by id."""
    for word in words.split()[:MAX_WORDS]:
        named = Q(own_name__icontains=word) | Q(own_name="", upstream_name__icontains=word)
        filed = Q(category__own_name__icontains=word) | Q(
            category__own_name="", category__upstream_name__icontains=word
        )
        numbered = Q(pk=int(word)) if word.isascii() and word.isdigit() and len(word) < 19 else Q()
        services = services.filter(named | filed | numbered)
    return services


def categories_of(services: ServiceQuerySet) -> list[tuple[int, str]]:
    """Id and name of each category that these services stand under, in shop order."""
    found = Category.objects.filter(services__in=services).distinct().order_by("position", "pk")
    return [
        (pk, own or upstream)
        for pk, own, upstream in found.values_list("pk", "own_name", "upstream_name")
    ]
