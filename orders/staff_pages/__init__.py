"""Pages of staff about orders: search, unclear orders, aftercare, providers, the audit and the
inbox.
"""
