"""What every stage does with an order: start, end and refund it, count its cost, show its status.

Every stage uses these; they know none of the stages.
"""
