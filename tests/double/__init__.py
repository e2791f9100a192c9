"""A provider of its own: a real HTTP server that speaks API v2, keeps the truth, and misbehaves on
request.

Run it with `python -m tests.double --key KEY` (`--help` lists the options); tests use
`handle.ProviderDouble`.

What becomes of an order is drawn by lot, or steered by its link: `#fate=completed`, `partial:40`
(40 % undelivered), `canceled`, `slow`, `stuck`, `refuse`; `&refill=rejected` behind it rejects
refills.

By hand, everything is steered with JSON, from this machine only, on the API's port or the one that
`control` names:

    curl http://127.0.0.1:PORT/_control/journal
    curl http://127.0.0.1:PORT/_control/advance -d '{"seconds": 3600}'
    curl http://127.0.0.1:PORT/_control/faults -d '{"action": "add", "mode": "commit_hang", "times":
    1}'
    curl http://127.0.0.1:PORT/_control/orders/23501 -d '{"status": "Partial", "remains": 157}'

control.py lists the doors, faults.py what can go wrong, dialects.py how answers can be phrased,
options.py the rest. The way of a request: wire (HTTP) → server → desk → placing, telling, aftercare
(the documented answer, on the state in world) → phrasing (the dialect); a request that a fault
strikes goes through misbehaving and lies instead.
"""
