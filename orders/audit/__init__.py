"""The audit: checks that orders, charges, refunds and providers' balances agree.

In: the tables. Out: findings (money that does not add up) and concerns (work that stands still). It
changes nothing.
"""
