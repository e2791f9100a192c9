"""A sender that stands still at the worst moment: its order is written down as sent, but has not
left.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

from orders.forwarding.sweep import submit_due
from panel.processes.run_panel import PROJECT
from tests.mutants.ground import Ground
from tests.mutants.lost_orders import settle
from tests.orders.unclear.lost_orders import Lane

LIMIT = 120.0  # seconds for a process to start and stop itself


def sends_after_the_quiet_time(ground: Ground) -> list[str]:
    """A real process is stopped (SIGSTOP) just before its order leaves, for longer than the
    quiet time, and goes on.
    """
    lane = Lane(ground.double)
    lane.order()
    sender = subprocess.Popen([sys.executable, "-m", "tests.mutants.sender"], cwd=PROJECT)
    try:
        _wait_until_stopped(sender)
        settle(lane)  # five minutes pass at each look
        submit_due()
        asked = len(ground.double.journal().asked("add"))
        sender.send_signal(signal.SIGCONT)
        sender.wait(LIMIT)
        _wait_for_one_more(ground, asked)
    finally:
        sender.kill()
        sender.wait()
    settle(lane)
    return ground.wrongs()


def _wait_until_stopped(sender: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + LIMIT
    while Path(f"/proc/{sender.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        if sender.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError("the sender did not come as far as sending")
        time.sleep(0.02)


def _wait_for_one_more(ground: Ground, asked: int) -> None:
    give_up_at = time.monotonic() + LIMIT
    while len(ground.double.journal().asked("add")) <= asked:
        if time.monotonic() > give_up_at:
            raise RuntimeError("the sender did not send")
        time.sleep(0.02)
