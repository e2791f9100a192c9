"""The demo: a panel with three providers, users, balances and orders in every state.

Everything is created through the panel's own functions.
"""
