"""Periodic jobs: the timetable, the skeleton of a sweep, late jobs, and the locks of senders.

Celery only triggers jobs; `run_without_broker` runs the same timetable in one process.
"""
