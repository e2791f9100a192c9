"""The guarded HTTP client, for all requests to addresses that users entered.

Addresses are checked before and after the name is resolved, bodies are capped, redirects are not
followed, keys are masked. It knows neither Django nor any app; everything else may import it.
"""
