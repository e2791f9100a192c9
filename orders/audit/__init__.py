"""The audit: proves that orders, charges, refunds and providers' balances agree, all at once or
what changed.

In: the tables. Out: findings (money that does not add up) and concerns (work that stands still). It
changes nothing.
"""
