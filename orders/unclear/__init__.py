"""Unclear orders: attempts that were perhaps placed come in, a verdict by evidence or the decision
of a person goes out.

Four modules are the door: `sweep` (resolve_due), `decide`, `evidence` (evidence_for) and
`accounts`; how a lost order is found is nobody else's business.
"""
