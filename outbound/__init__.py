"""The guarded HTTP client: every request that the panel sends to an address somebody typed.

Addresses are checked before and after the name is resolved, bodies are capped, redirects are not
followed, keys are masked. It knows neither Django nor any app; everything else may import it.
"""
