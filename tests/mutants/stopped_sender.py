"""A sender that stands still at the worst moment: its order is written down as sent, but has not
left.
"""

import signal
import subprocess
import sys

from orders.forwarding.sweep import submit_due
from panel.processes.run_panel import PROJECT
from tests.mutants.ground import Ground
from tests.mutants.lost_orders import settle
from tests.orders.unclear.lost_orders import Lane
from tests.processes import is_stopped
from tests.waiting import PATIENCE, wait_for


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
        sender.wait(PATIENCE)
        _wait_for_one_more(ground, asked)
    finally:
        sender.kill()
        sender.wait()
    settle(lane)
    return ground.wrongs()


def _wait_until_stopped(sender: "subprocess.Popen[bytes]") -> None:
    wait_for(lambda: is_stopped(sender.pid) or sender.poll() is not None, every=0.02)
    if sender.returncode is not None:
        raise RuntimeError("the sender did not come as far as sending")


def _wait_for_one_more(ground: Ground, asked: int) -> None:
    wait_for(lambda: len(ground.double.journal().asked("add")) > asked, every=0.02)
