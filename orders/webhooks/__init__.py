"""Webhooks: what customers' programs are told, signed, delivered at least once, and the pages to
set them up.

In: events of orders and requests. Out: signed deliveries and their log.
"""
