// The new-order form: Ctrl Enter orders, and fields that the browser filled in again are priced.
"use strict";

const FORM = "[data-order-form]";

function begin() {
  for (const element of document.querySelectorAll(`${FORM} [data-needs-script]`)) element.hidden = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.target.closest?.(FORM)?.requestSubmit();
});
document.addEventListener("htmx:oobAfterSwap", begin);
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll(`${FORM} :is(input:not([type=hidden]), textarea)`)) {
    if (field.value !== field.defaultValue) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
begin();
