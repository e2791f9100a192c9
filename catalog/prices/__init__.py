"""Prices: margin rules, arithmetic, exchange rates and the served price list.

In: rates of providers and the admin's margins. Out: the price of each service.
`arithmetic` imports neither Django nor any app.
"""
