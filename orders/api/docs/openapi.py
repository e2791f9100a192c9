"""The OpenAPI 3.1 description of the API, generated from the same tables as the page.

All actions share one URL, so a request is one of several objects told apart by `action`. OpenAPI
has no security scheme for a key in the body.
"""

import hashlib
import json
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_response_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from orders.api.actions import ACTIONS
from orders.api.docs.calls import TITLES, Call, Parameter, calls_of
from orders.api.docs.errors import ERRORS
from orders.api.docs.examples import Own, fields_of
from orders.api.docs.reply_schemas import (
    ERROR,
    ORDER_STATUS,
    OWN_ORDER,
    REPLIES,
    SERVICE,
    SERVICE_EXTRA,
    Schema,
    ref,
)
from orders.placing.check_fields import TEXT_LENGTH

VERSION: Final = "2.0.0"
FRESH_FOR: Final = 300  # seconds; it changes only with a release
EXAMPLE_KEY: Final = "EXAMPLE2key4of6forty8characters2to4show6"
IDS: Final = r"^[^,]+(,[^,]+){0,99}$"
JSON_TYPE: Final = "application/json"
BODIES: Final = (JSON_TYPE, "application/x-www-form-urlencoded", "multipart/form-data")


@require_safe
def api_openapi(request: HttpRequest) -> HttpResponse:
    """The description, or 304."""
    body, etag = _document_bytes(settings.SITE_URL, *settings.API_SERVICES_EXTRA)
    is_known = etag in parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponse(status=304) if is_known else HttpResponse(body, content_type=JSON_TYPE)
    response["ETag"] = etag
    # web pages read such descriptions; nothing in it is secret
    response["Access-Control-Allow-Origin"] = "*"
    patch_response_headers(response, cache_timeout=FRESH_FOR)
    return response


@cache
def _document_bytes(site_url: str, *extra: str) -> tuple[bytes, str]:
    del extra  # read from the settings
    body = json.dumps(document(site_url), separators=(",", ":")).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def document(site_url: str) -> dict[str, Any]:
    """The whole description, for the panel at that URL."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{settings.PANEL_NAME}: API v2",
            "version": VERSION,
            "description": "Place, track and cancel orders. The API page explains it with samples.",
        },
        "externalDocs": {
            "url": site_url + reverse("api_docs"),
            "description": "Documentation with samples",
        },
        "servers": [{"url": site_url}],
        "security": [],
        "tags": [{"name": "API v2"}],
        "paths": {reverse("api"): {"post": _operation()}},
        "components": {"schemas": _schemas()},
    }


def _operation() -> Schema:
    return {
        "operationId": "ask",
        "tags": ["API v2"],
        "summary": "Every action",
        "description": "The field `action` selects the action; the schema of each action "
        "names the schemas of its responses.",
        "parameters": [_idempotency_header()],
        "requestBody": {"required": True, "content": {body: _body(body) for body in BODIES}},
        "responses": {
            "200": {
                "description": "The result, or an error",
                "content": {JSON_TYPE: {"schema": {"anyOf": [ref("Error"), *_replies()]}}},
            },
            "304": {"description": "services with If-None-Match: the list has not changed"},
            "429": _retry_later("Rate limit exceeded"),
            "503": _retry_later("A temporary problem"),
        },
    }


def _body(body: str) -> Schema:
    """Every request in that format; for JSON with an example of each call."""
    schema = {"schema": ref("Request")}
    if body != JSON_TYPE:
        return schema
    calls = [call for action in ACTIONS for call in calls_of(action)]
    requests = {call.anchor: {"key": EXAMPLE_KEY, **fields_of(call, Own())} for call in calls}
    return schema | {
        "examples": {anchor: {"value": request} for anchor, request in requests.items()}
    }


def _idempotency_header() -> Schema:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "For add: repeating it with the same fields returns the same order",
        "schema": {"type": "string", "minLength": 1, "maxLength": 96, "pattern": "^[!-~]+$"},
    }


def _retry_later(description: str) -> Schema:
    seconds = {"type": "integer", "minimum": 1}
    return {
        "description": description,
        "headers": {"Retry-After": {"description": "Seconds", "required": True, "schema": seconds}},
        "content": {JSON_TYPE: {"schema": ref("Error")}},
    }


def _replies() -> list[Schema]:
    return [ref(reply.name) for reply in REPLIES.values()]


def _schemas() -> dict[str, Schema]:
    """Requests by action and by call, responses, and their parts."""
    actions = [_action_name(action) for action in ACTIONS]
    mapping = {action: ref(_action_name(action))["$ref"] for action in ACTIONS}
    return {
        "Request": {
            "oneOf": [ref(name) for name in actions],
            "discriminator": {"propertyName": "action", "mapping": mapping},
        },
        **{_action_name(action): _action(action) for action in ACTIONS},
        **{_call_name(call): _call(call) for action in ACTIONS for call in calls_of(action)},
        **{reply.name: {**reply.schema, "examples": [reply.example]} for reply in REPLIES.values()},
        "Service": _service(),
        "OwnOrder": OWN_ORDER,
        "OrderStatus": ORDER_STATUS,
        "Error": {**ERROR, "examples": [{"error": error.text} for error in ERRORS]},
    }


def _service() -> Schema:
    """The documented fields, and those that this panel adds."""
    extra = {name: SERVICE_EXTRA[name] for name in settings.API_SERVICES_EXTRA}
    return {
        **SERVICE,
        "properties": {**SERVICE["properties"], **extra},
        "required": [*SERVICE["required"], *extra],
    }


def _action_name(action: str) -> str:
    return f"{_camel(action)}Request"


def _call_name(call: Call) -> str:
    return f"{_camel(call.anchor)}Call"


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("_", "-").split("-"))


def _action(action: str) -> Schema:
    names = dict.fromkeys(call.reply.name for call in calls_of(action))
    return {
        "title": TITLES[action],
        "description": f"Returns {' or '.join(names)}. Scope of the key: {ACTIONS[action].scope}.",
        "type": "object",
        "properties": {"action": {"const": action}},
        "required": ["action"],
        "anyOf": [ref(_call_name(call)) for call in calls_of(action)],
        "x-replies": [ref(name) for name in names],
    }


def _call(call: Call) -> Schema:
    fields = {parameter.name: _parameter(parameter) for parameter in call.parameters}
    required = [parameter.name for parameter in call.parameters if parameter.is_required]
    schema: Schema = {
        "title": call.title,
        "description": call.text,
        "type": "object",
        "properties": {
            "key": {
                "type": "string",
                "pattern": "^[A-Za-z0-9]{40}$",
                "format": "password",
                "description": "Your key",
            },
            "action": {"type": "string", "const": call.action},
            **fields,
        },
        "required": ["key", "action", *required],
    }
    conditions = [_condition(parameter) for parameter in call.parameters if parameter.condition]
    return schema | ({"allOf": conditions} if conditions else {})


def _condition(parameter: Parameter) -> Schema:
    name, value = parameter.condition or ("", "")
    holds = {"properties": {name: {"const": value}}, "required": [name]}
    return {"if": holds, "then": {"required": [parameter.name]}}


def _parameter(parameter: Parameter) -> Schema:
    """A field of a request. Numbers may be text, as forms send them."""
    words = (
        f"{parameter.meaning}. {parameter.limits}".strip()
        if parameter.limits
        else parameter.meaning
    )
    return {"description": words, **_form(parameter)}


def _form(parameter: Parameter) -> Schema:
    if parameter.form == "id":
        return {"type": ["integer", "string"], "minimum": 1, "pattern": "^[0-9]{1,18}$"}
    if parameter.form == "ids":
        return {"type": "string", "pattern": IDS, "examples": ["1,2,3"]}
    if parameter.form == "number":
        return {
            "type": ["integer", "string"],
            "minimum": parameter.least,
            "maximum": parameter.most,
            "pattern": "^[0-9]+$",
        }
    if parameter.form == "amount":
        return {"type": ["number", "string"], "minimum": 0, "pattern": r"^[0-9]+(\.[0-9]+)?$"}
    if parameter.form == "choice":
        return {"enum": [value for value, _ in parameter.choices]}
    if parameter.form == "date":
        return {"type": "string", "pattern": "^[0-9]{1,2}/[0-9]{1,2}/20[0-9]{2}$"}
    if parameter.form == "url":
        return {"type": "string", "pattern": "^https?://", "maxLength": TEXT_LENGTH}
    return {"type": "string", "minLength": 1} | (
        {} if parameter.form == "lines" else {"maxLength": TEXT_LENGTH}
    )
