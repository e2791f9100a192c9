"""The "API v2" that the panel serves to its customers' programs; its providers speak it, too."""
