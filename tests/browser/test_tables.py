"""Every page at every width: no table pushes a status or an action out of sight, no page scrolls
sideways, no name is cut, no id stands twice.
"""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User
from catalog.models import Category, Provider, Service
from orders.models import EventKind, Order, Status
from tests.browser_login import log_in
from tests.factories import NOW, make_order, make_service, make_user
from tests.panel.test_roles import PAGES, address, things

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# a phone, a tablet, laptops with the menu beside the page
WIDTHS = (320, 390, 768, 1024, 1152, 1280, 1440)
# Pages with data that somebody else's row would show, or that are shown for a moment only
LEFT_OUT = {"orders_live", "admin_adjustment_agree", "webhook_remove"}
UNBROKEN = "W" * 150
# What of a page cannot be seen or clicked without scrolling sideways, and ids that stand twice
CUT = """() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`the page by ${wide} px`);
  for (const place of document.querySelectorAll(".table-container")) {
    const over = place.scrollWidth - place.clientWidth;
    if (over > 0) found.push(`${place.ariaLabel} by ${over} px`);
    const end = Math.min(innerWidth, place.getBoundingClientRect().right) + 1;
    for (const one of place.querySelectorAll("td :is(a, button, .status)"))
      if (one.getBoundingClientRect().right > end) found.push(`"${one.innerText.slice(0, 30)}"`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push(`#${id} twice`);
  return found;
}"""


@pytest.fixture
def admin() -> User:
    """An admin with orders of every kind, at large numbers, under long names."""
    user = make_user(
        role=Role.ADMIN, email=f"{'long.name.' * 4}@customers.example.com", balance="98765.43"
    )
    service = make_service(
        name="Instagram Followers | Real, HQ | 50K/Day | 30 Days Refill",
        is_refill=True,
        is_cancel=True,
        price="12.3456",
        max_quantity=10_000_000,
    )
    for status in (Status.RUNNING, Status.COMPLETED, Status.WAITING):
        order = make_order(
            user=user,
            service=service,
            status=status,
            quantity=1_250_000,
            link=f"https://www.instagram.com/p/{'x' * 60}/?igsh=abc",
        )
        Order.objects.filter(pk=order.pk).update(start_count=12_345_678, remains=1_234_567)
    Service.objects.filter(pk=service.pk).update(average_time="27 minutes")
    return user


def test_no_action_is_cut_at_any_width(page: Page, live_server: LiveServer, admin: User) -> None:
    order = admin.orders.get(status=Status.RUNNING)
    keys = things(order)
    keys["order_cancel"] = order.pk
    log_in(page, live_server.url, admin)
    found = []
    for name in sorted(set().union(*PAGES.values()) - LEFT_OUT):
        begins = max((each for each in keys if name.startswith(each)), key=len, default="")
        page.goto(live_server.url + address(name, pk=keys.get(begins, 0)))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{name} at {width}: {cut}" for cut in page.evaluate(CUT)]

    assert "\n".join(found) == ""


def test_long_names_without_a_blank_break(page: Page, live_server: LiveServer, admin: User) -> None:
    service = Service.objects.get()
    Service.objects.update(upstream_name=UNBROKEN, average_time=UNBROKEN[:100])
    Category.objects.update(upstream_name=UNBROKEN)
    Provider.objects.update(name=UNBROKEN[:60])
    Order.objects.update(service_name=UNBROKEN)
    log_in(page, live_server.url, admin)
    paths = [
        f"/admin/services/{service.pk}",
        f"/admin/categories/{service.category_id}",
        f"/admin/providers/{service.provider_id}",
        f"/staff/providers/{service.provider_id}",
        f"/admin/links?service={service.pk}",
        f"/order?service={service.pk}",
        *("/order", "/services", "/orders", "/staff/orders", "/admin/services", "/admin/providers"),
        *(f"/orders/{order.pk}" for order in admin.orders.all()[:1]),
        *(f"/staff/orders/{order.pk}" for order in admin.orders.all()[:1]),
    ]
    found = []
    for path in paths:
        page.goto(live_server.url + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{path} at {width}: {cut}" for cut in page.evaluate(CUT)]

    assert "\n".join(found) == ""


def test_actions_stay_in_view_where_a_table_still_scrolls(
    page: Page, live_server: LiveServer, admin: User
) -> None:
    """A guard for what no width foresees: numbers of twenty digits."""
    Order.objects.update(start_count=10**17, remains=10**17)
    log_in(page, live_server.url, admin)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/orders")
    place = page.get_by_role("region", name="Orders")
    assert place.evaluate("place => place.scrollWidth > place.clientWidth")

    expect(place.get_by_role("link", name="Cancel").first).to_be_in_viewport(ratio=1)


def test_borders_of_fields_can_be_seen(page: Page, live_server: LiveServer, admin: User) -> None:
    log_in(page, live_server.url, admin)
    page.goto(f"{live_server.url}/admin/providers/new")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratios = page.evaluate(CONTRAST)
        assert len(ratios) > 5
        assert min(ratios) >= 3, scheme


# The contrast of each field's border to the surface around it, by WCAG's formula, as painted
CONTRAST = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (colours) => {
    paint.clearRect(0, 0, 1, 1);
    for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => one / 255).map((one) =>
      one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const below = (element) => {
    const colours = [];
    for (let one = element.parentElement; one; one = one.parentElement)
      colours.unshift(getComputedStyle(one).backgroundColor);
    return colours;
  };
  return [...document.querySelectorAll("main :is(input:not([type=hidden]), select, textarea)")]
    .map((field) => {
      const ground = below(field);
      const a = light(over(ground));
      const b = light(over([...ground, getComputedStyle(field).borderTopColor]));
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""


def test_forced_colours_show_states_progress_focus_and_the_current_page(
    page: Page, live_server: LiveServer, admin: User
) -> None:
    order = admin.orders.get(status=Status.RUNNING)
    order.record(kind=EventKind.PLACED, text="Charged", now=NOW)
    page.emulate_media(forced_colors="active")
    log_in(page, live_server.url, admin)
    page.goto(f"{live_server.url}/orders/{order.pk}")

    seen = page.evaluate("""() => {
      const painted = (selector, pseudo) => {
        const style = getComputedStyle(document.querySelector(selector), pseudo);
        return [style.forcedColorAdjust, style.backgroundColor];
      };
      const style = getComputedStyle(document.querySelector(".side [aria-current=page]"));
      const field = document.querySelector(".topbar input");
      field.focus();
      return {
        status: painted(".status", "::before"),
        timeline: painted(".timeline li", "::before"),
        progress: painted("progress")[0],
        current: [style.outlineStyle, style.outlineWidth],
        focus: getComputedStyle(field).outlineStyle,
        ground: getComputedStyle(document.body).backgroundColor,
      };
    }""")

    assert seen["status"][0] == seen["timeline"][0] == seen["progress"] == "none"
    assert seen["ground"] not in {seen["status"][1], seen["timeline"][1]}
    assert seen["current"] == ["solid", "2px"]
    assert seen["focus"] == "solid"


def test_fields_beside_each_other_stand_on_one_line(
    page: Page, live_server: LiveServer, admin: User
) -> None:
    log_in(page, live_server.url, admin)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/admin/margins")

    tops = page.evaluate("""() => [...document.querySelectorAll("main .form-row")].map((row) =>
      [...row.querySelectorAll(":scope > .field > :is(input, select)")]
        .map((field) => Math.round(field.getBoundingClientRect().top)))""")

    pairs = [row[at : at + 2] for row in tops for at in range(0, len(row) - 1, 2)]
    assert pairs
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


def test_the_sum_of_an_order_fills_its_card_on_a_phone(
    page: Page, live_server: LiveServer, admin: User
) -> None:
    log_in(page, live_server.url, admin)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{live_server.url}/orders/{admin.orders.get(status=Status.RUNNING).pk}")
    cell = page.locator("tfoot td:visible")

    expect(cell).to_have_count(1)
    box, card = cell.bounding_box(), page.locator("tfoot").bounding_box()
    assert box
    assert card
    assert box["width"] > card["width"] * 0.85
