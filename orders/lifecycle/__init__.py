"""An order's transitions and what they mean: start, hold, end, refund, its timeline, what the
customer reads.

Every stage uses these; they know none of the stages.
"""
