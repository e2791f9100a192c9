"""Forwarding: waiting orders are claimed, sent to their provider once, and the outcome is recorded.

In: orders in WAITING. Out: RUNNING, CANCELED with a refund, HELD or UNCLEAR; never two orders at
the provider for one.
"""
