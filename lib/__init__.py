"""Helpers that know no app: clock, advisory locks, keyset pages, decimals, encryption, fan-out."""
