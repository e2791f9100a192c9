"""The API that the panel serves to its customers' programs: the same "API v2" that it consumes from
providers.
"""
