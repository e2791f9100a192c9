"""Unclear orders: those that were perhaps placed. The proof of what became of them stands behind
one door.

In: attempts whose outcome nobody knows. Out: a verdict by evidence, or the decision of a person.
"""
