// The charge while the form is filled in: exact arithmetic on whole numbers, rounded as the server rounds. Ctrl Enter orders.
"use strict";

const PRICE_DECIMALS = 8n;
const MONEY_DECIMALS = 5n;

// "12.5" as a whole number of the last of so many decimals.
function whole(text, decimals) {
  const sign = text.startsWith("-") ? -1n : 1n;
  const [units, rest = ""] = text.replace("-", "").split(".");
  return sign * BigInt(units + rest.slice(0, Number(decimals)).padEnd(Number(decimals), "0"));
}

// A number of fifth decimals as the server writes money: grouped, at least two decimals, no idle zeros.
function written(value, sample) {
  const digits = String(value < 0n ? -value : value).padStart(Number(MONEY_DECIMALS) + 1, "0");
  const units = digits.slice(0, -Number(MONEY_DECIMALS)).replace(/\B(?=(\d{3})+$)/g, ",");
  const decimals = digits.slice(-Number(MONEY_DECIMALS)).replace(/0{1,3}$/, "");
  return (value < 0n ? "−" : "") + sample.replace("0.00", `${units}.${decimals}`);
}

function count(form, name) {
  const text = form.elements[name]?.value.trim() ?? "";
  return /^\d{1,15}$/.test(text) ? BigInt(text) : 0n;
}

// The units that are paid for; 0 where that is not known yet.
function billed(form) {
  const { billedBy, linesField } = form.dataset;
  if (billedBy === "order" || billedBy === "post") return 1n;
  if (billedBy === "lines") {
    const lines = form.elements[linesField].value.split(/\r\n|\r|\n|\\n/);
    return BigInt(lines.filter((line) => line.trim()).length);
  }
  return count(form, "quantity") * (count(form, "runs") || 1n);
}

function preview(form) {
  const { price, units, balance, money } = form.dataset;
  const quantity = billed(form);
  const charge = form.querySelector("[data-charge]");
  const after = form.querySelector("[data-balance-after]");
  const short = form.querySelector("[data-short]");
  if (!quantity) {
    charge.textContent = after.textContent = "—";
    short.hidden = true;
    return;
  }
  const divisor = BigInt(units) * 10n ** (PRICE_DECIMALS - MONEY_DECIMALS);
  const cost = (whole(price, PRICE_DECIMALS) * quantity + divisor - 1n) / divisor; // rounded up
  const left = whole(balance, MONEY_DECIMALS) - cost;
  charge.textContent = written(cost, money);
  after.textContent = written(left, money);
  short.hidden = left >= 0n;
}

function begin(form) {
  for (const element of form.querySelectorAll("[data-needs-script]")) element.hidden = false;
  preview(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-order-form]");
  if (form) preview(form);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("[data-order-form]");
  form?.requestSubmit();
});
document.addEventListener("htmx:oobAfterSwap", () => document.querySelectorAll("[data-order-form]").forEach(begin));
document.querySelectorAll("[data-order-form]").forEach(begin);
