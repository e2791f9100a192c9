"""Syncs, which mirror a provider's catalog: fetch, compare, guard, write.

In: a provider's `services` reply. Out: services, prices and a stored change set. Pages, tasks and
commands call `sync`.
"""
