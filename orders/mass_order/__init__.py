"""Mass order: many orders from one text, checked line by line, placed together.

In: lines of `service | link | quantity`. Out: orders placed by `orders.placing`, and the lines that
need correction.
"""
