"""Measures what the panel does often, beside the usual habit and beside the least that the database
could do.
"""
