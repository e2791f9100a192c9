"""Customers who order all the while, by the act and by the page, and repeat what got no answer,
with the same key.
"""

import random
import threading
import time
from uuid import UUID

from django.db import connection

from accounts.models import User
from catalog.models import Service
from orders.models import Order, Status
from tests.faults.customers import Shopper, place
from tests.faults.database import PATIENCE, surely

# orders; more would only wait in line, fewer leave lanes idle while another is closed
MAX_WAITING = 200
BY_PAGE = 0.1  # the share of orders that are sent by HTTP
REDIRECT = 302


class Customer(threading.Thread):
    """One customer with so many orders to place; `unanswered` counts those that nobody took
    within 90 s.
    """

    def __init__(
        self, *, user: User, services: list[Service], links: list[str], shopper: Shopper, seed: int
    ) -> None:
        super().__init__(name=f"customer-{user.pk}", daemon=True)
        self.user = user
        self.services = services
        self.links = links
        self.shopper = shopper
        self.luck = random.Random(seed)
        self.placed = 0
        self.unanswered: list[str] = []
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Order everything, no faster than the panel forwards."""
        try:
            for link in self.links:
                self._wait_in_line()
                self._order(link)
        except BaseException as problem:  # noqa: BLE001  # told by the run, which a thread cannot end
            self.problem = problem
        finally:
            connection.close()

    def _order(self, link: str) -> None:
        service, quantity = self.luck.choice(self.services), self.luck.randint(100, 5000)
        key = str(UUID(int=self.luck.getrandbits(128)))
        if self.luck.random() >= BY_PAGE:
            surely(lambda: place(self.user, service, link=link, quantity=quantity, key=key))
            self.placed += 1
            return
        form = surely(lambda: self.shopper.form(service, link=link, quantity=quantity, key=key))
        give_up_at = time.monotonic() + PATIENCE
        while self.shopper.send(form, limit=10.0) != REDIRECT:
            if time.monotonic() > give_up_at:
                self.unanswered.append(link)
                return
            time.sleep(0.3)
        self.placed += 1

    def _wait_in_line(self) -> None:
        while surely(lambda: Order.objects.filter(status=Status.WAITING).count()) >= MAX_WAITING:
            time.sleep(0.5)
