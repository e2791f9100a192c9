"""Placing: from a customer's request to a charged order, in one transaction.

In: a customer, a service and the fields typed. Out: an order that waits to be sent, or the reason
why not. Called by pages, mass order and the API.
"""
