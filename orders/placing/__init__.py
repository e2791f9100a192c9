"""Placing: from what a customer asks for to a charged order row, in one transaction.

In: a customer, a service and the fields typed. Out: an order that waits to be sent, or a reason why
not. Called by pages, mass order and the API.
"""
