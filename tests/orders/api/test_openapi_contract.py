"""The live API keeps to its OpenAPI description: schemathesis asks what nobody would think of, and
reads the answers.

`make contract` asks for longer.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from catalog.upstream.service_types import TYPES
from orders.audit.prove_all import prove
from orders.models import Order, Refill, Status
from tests.factories import NOW, make_order, make_provider, make_service, make_user
from tests.orders.api.api_client import key_of

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "150")
# The boundary of every field of every call is 2,400 requests: for the long run
PHASES = "examples,coverage,fuzzing" if "CONTRACT_EXAMPLES" in os.environ else "examples,fuzzing"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
    "answer_belongs_to_the_action",
    # Not negative_data_rejection, unsupported_method: a refusal is `{"error": …}` with status 200
    # in this protocol.
]


@pytest.mark.slow
def test_whatever_is_asked_the_answer_is_as_described(
    live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    settings.SITE_URL = live_server.url
    settings.TRUSTED_PROXIES = 1
    settings.API_REQUESTS_PER_MINUTE = settings.API_IP_REQUESTS_PER_MINUTE = (
        settings.API_ORDERS_PER_MINUTE
    ) = 10**6
    ann = make_user(balance="1000000")
    provider = make_provider()
    services = [
        make_service(
            provider=provider, type=kind.name, min_quantity=1, is_refill=True, is_cancel=True
        )
        for kind in TYPES
    ]
    orders = [
        make_order(
            user=ann,
            service=services[0],
            link=f"https://example.com/{status}",
            status=status,
            quantity=10,
        )
        for status in (Status.WAITING, Status.RUNNING, Status.COMPLETED)
    ]
    refill = Refill.objects.create(
        order=orders[2], provider=provider, requested_by=ann, requested_at=NOW
    )
    numbers = [str(order.pk) for order in orders]
    ids = {
        "service": [str(service.pk) for service in services],
        "order": numbers,
        "orders": [*numbers, ",".join(numbers), f"{numbers[0]},x,{numbers[0]}"],
        "refill": [str(refill.pk)],
        "refills": [str(refill.pk), f"{refill.pk},0"],
    }

    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "run",
                f"{live_server.url}/api/v2/openapi.json",
            ),
            *("--checks", ",".join(CHECKS), "--phases", PHASES, "--mode", "all"),
            *("--max-examples", EXAMPLES, "--seed", "20260314", "--generation-database", "none"),
            # kept alive, each answer would wait 40 ms for Nagle and late ACKs
            *("--header", "Connection: close"),
            # of a busy machine, not of the API
            *("--suppress-health-check", "too_slow", "--request-timeout", "60"),
            *(
                "--workers",
                "1",
                "--no-shrink",
                "--continue-on-failure",
                "--no-color",
                "--warnings",
                "off",
            ),
        ],
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": str(django_settings.BASE_DIR),
            "SCHEMATHESIS_HOOKS": "tests.orders.api.contract_hooks",
            "CONTRACT_KEY": key_of(ann),
            "CONTRACT_IDS": json.dumps(ids),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    asked = re.search(r"([\d,]+) generated, ([\d,]+) passed", done.stdout)
    assert asked is not None, done.stdout
    assert asked[1] == asked[2]
    assert int(asked[1].replace(",", "")) > 100
    assert Order.objects.filter(user=ann).count() > len(orders)
    assert prove().findings == []
