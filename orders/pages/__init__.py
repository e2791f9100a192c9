"""Customers' pages of orders: the order form, the list and one order."""
