"""Aftercare: refills and cancellations, from the customer's request to the provider's last word.

In: requests of customers and decisions of staff. Out: requests sent in batches of 100,
refill statuses, refunds by later statuses.
"""
