"""What schemathesis is told about our API: a real key, ids that exist, and which answers belong to
which action.

Loaded by its own process (SCHEMATHESIS_HOOKS); KEY and IDS come from the test that starts it.
"""

import json
import os
import zlib
from typing import Any

import schemathesis
from jsonschema import Draft202012Validator

KEY = os.environ["CONTRACT_KEY"]
IDS: dict[str, list[str]] = json.loads(os.environ["CONTRACT_IDS"])  # by the fields' names
GENERATED_KEYS = 10  # one request in so many keeps the key that was made up


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Most requests come with a right key, and most ids in them are those of something."""
    body = case.body
    turn = zlib.crc32(repr(body).encode())
    # Each from an address of its own, as behind a proxy: an address that sends wrong keys is soon
    # refused.
    case.headers["X-Forwarded-For"] = f"10.{turn >> 16 & 255}.{turn >> 8 & 255}.{turn & 255}"
    if not isinstance(body, dict):
        return
    if "key" in body and turn % GENERATED_KEYS:
        body["key"] = KEY
    if "link" in body and turn % 3:
        body["link"] = f"https://example.com/{turn}"
    for name in IDS.keys() & body.keys():
        if turn % 4:
            body[name] = IDS[name][turn % len(IDS[name])]


@schemathesis.check
def answer_belongs_to_the_action(context: Any, response: Any, case: Any) -> None:
    """What is no error is an answer of the action that was asked for, not of another."""
    raw = case.operation.schema.raw_schema
    requests = raw["components"]["schemas"]["Request"]["discriminator"]["mapping"]
    action = case.body.get("action") if isinstance(case.body, dict) else None
    answers = [{"$ref": "#/components/schemas/Error"}]
    if isinstance(action, str) and action in requests:
        answers += raw["components"]["schemas"][requests[action].rpartition("/")[2]]["x-replies"]
    validator = Draft202012Validator({"anyOf": answers, "components": raw["components"]})
    payload = json.loads(response.content)
    if not validator.is_valid(payload):
        raise AssertionError(f"{action} answers {payload}")
