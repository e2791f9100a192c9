"""Periodic jobs: the timetable, one run at a time, deadlines, lateness, and the advisory locks of
senders.

Celery only triggers them; `run_without_broker` runs the same timetable in one process.
"""
