"""The provider as a process: its command line, its file, its end."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from tests.double.handle import ROOT, ControlError, ProviderDouble
from tests.processes import is_alive
from tests.test_double.conftest import Ask
from tests.test_double.raw_client import post
from tests.waiting import wait_for

ORDER = {"service": 1, "link": "https://example.com/p/1", "quantity": 1000}

PARENT = """
import time
from tests.double.handle import ProviderDouble
print(ProviderDouble().pid, flush=True)
time.sleep(60)
"""


def test_ready_stands_on_its_own_line_and_sigterm_ends_it() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.double",
            "--port",
            "0",
            "--key",
            "k",
            "--currency",
            "EUR",
            "--balance",
            "12.5",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as printed:
        printed.readline()
        word, url = printed.readline().split()

        answer = requests.post(url, data={"key": "k", "action": "balance"}, timeout=60).json()
        process.send_signal(signal.SIGTERM)

        assert (word, answer) == ("ready", {"balance": "12.50", "currency": "EUR"})
        assert process.wait(60) == 0
        assert printed.read() == ""


def test_it_ends_with_the_process_that_started_it() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout as printed:
        pid = int(printed.readline())
    assert is_alive(pid)

    os.kill(parent.pid, signal.SIGKILL)
    assert parent.wait() == -signal.SIGKILL  # it had not ended before by itself

    assert wait_for(lambda: not is_alive(pid))


def test_sigterm_ends_it_silently_whoever_waits(tmp_path: Path) -> None:
    said = tmp_path / "stderr"
    with said.open("w") as stderr, ProviderDouble(stderr=stderr) as provider:
        provider.fault("status", "hang")
        provider.fault("add", "late_commit", seconds=60)
        waiting = [
            threading.Thread(target=post, args=(provider, action)) for action in ("status", "add")
        ]
        for thread in waiting:
            thread.start()
        assert wait_for(lambda: len(provider.journal().requests) == 2)
    for thread in waiting:
        thread.join()

    assert said.read_text() == ""


def test_a_taken_port_is_said_clearly(provider: ProviderDouble) -> None:
    port = provider.url.split(":")[2].split("/")[0]

    ended = subprocess.run(
        [sys.executable, "-m", "tests.double", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_wrong_option_is_said_clearly() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.double", "--balance", "much"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.endswith("error: argument --balance: invalid amount value: 'much'\n")


def test_the_journal_file_keeps_what_was_placed_and_asked(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with ProviderDouble(journal=path) as provider:
        provider.set_services([{"service": 1}])
        post(provider, "add", service=1, link="https://example.com/p/1", quantity=1000)
        post(provider, "cancel", orders="23501")

    events = [json.loads(line) for line in path.read_text().splitlines()]

    assert [event["event"] for event in events] == ["placed", "request", "cancel", "request"]
    assert (events[0]["order"], events[0]["charge"]) == (23501, "0.90000")
    assert (events[1]["action"], events[1]["outcome"]) == ("add", "answered")
    assert "key-at-the-provider" not in path.read_text()


def test_a_connection_carries_many_requests(provider: ProviderDouble) -> None:
    with requests.Session() as session:
        for _ in range(3):
            reply = session.post(
                provider.url, data={"key": provider.key, "action": "balance"}, timeout=60
            )
            assert reply.headers["Connection"] == "keep-alive"


def test_both_addresses_answer_and_others_do_not(provider: ProviderDouble) -> None:
    data = {"key": provider.key, "action": "balance"}

    assert requests.post(provider.url + "/", data=data, timeout=60).json()["currency"] == "USD"
    assert requests.post(provider.url + "x", data=data, timeout=60).status_code == 404


def test_control_answers_on_the_api_port_too(provider: ProviderDouble) -> None:
    address = provider.url.replace("/api/v2", "/_control/balance")

    assert requests.get(address, timeout=60).json() == {"ours": "10000", "other": "10000"}


def test_control_says_what_it_does_not_understand(provider: ProviderDouble) -> None:
    with pytest.raises(ControlError, match="there is no POST magic"):
        provider.control("POST", "magic")
    with pytest.raises(ControlError, match="missing or unknown: 7"):
        provider.set_order(7, status="Completed")
    with pytest.raises(ControlError, match="no such setting: mood"):
        provider.settings(mood="good")
    (order,) = provider.foreign_order()
    with pytest.raises(ControlError, match="an order has no colour"):
        provider.set_order(order.order, colour="red")


def test_garbage_on_the_socket_is_answered_and_harmless(provider: ProviderDouble, ask: Ask) -> None:
    reply = requests.post(provider.url, data=iter([b"chunked"]), timeout=60)

    assert reply.status_code == 400
    assert ask("balance").status_code == 200


def test_parallel_orders_get_ids_of_their_own(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([{"service": 1}])
    ids: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: ids.extend(ask("add", **ORDER).json()["order"] for _ in range(10))
        )
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ids) == list(range(23501, 23581))


def test_hanging_requests_do_not_hold_up_others(provider: ProviderDouble, ask: Ask) -> None:
    provider.fault("status", "hang", times=20)
    waiting = [
        threading.Thread(
            target=post,
            args=(provider, "status"),
        )
        for _ in range(20)
    ]
    for thread in waiting:
        thread.start()
    assert wait_for(lambda: len(provider.journal().asked("status")) == 20)

    ask("balance")

    assert [request.outcome for request in provider.journal().requests] == [""] * 20 + ["answered"]
    provider.reset()  # cuts them off
    for thread in waiting:
        thread.join()
