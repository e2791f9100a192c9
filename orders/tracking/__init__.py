"""Tracking: running orders are polled in batches of 100 and followed to their end.

In: orders that run and are due. Out: new statuses, ends with their refunds, and reports that staff
must review.
"""
