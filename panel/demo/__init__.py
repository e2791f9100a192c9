"""The demo: a shop with two providers of its own, users, money and orders in every state, all made
by the real acts.
"""
