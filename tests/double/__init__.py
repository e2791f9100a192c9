"""A provider of its own: a real HTTP server that speaks API v2, keeps the truth, and misbehaves on request."""
