// Shared by all pages: light or dark mode, search shortcut, copy buttons, double submits, failed requests.
"use strict";

for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;

// Light or dark: a class on <html>, and a cookie so that the server renders the next page with it.
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
function isDark() {
  const { classList } = document.documentElement;
  return classList.contains("dark") || (systemIsDark.matches && !classList.contains("light"));
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const theme = isDark() ? "light" : "dark";
  document.documentElement.classList.remove("light", "dark");
  document.documentElement.classList.add(theme);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
});

// Ctrl K or ⌘ K focuses the page's own search, else the one in the top bar.
const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
for (const key of document.querySelectorAll("[data-shortcut-key]")) key.textContent = isApple ? "⌘K" : "Ctrl K";
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(isApple ? event.metaKey : event.ctrlKey)) return;
  const search = document.querySelector("main [data-search]") ?? document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// data-copy="text" copies the text and says so for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
});

// A form is submitted once: a second click is ignored. The server rejects repeats anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.isSent) {
    event.preventDefault();
    return;
  }
  form.dataset.isSent = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-is-sent]")) delete form.dataset.isSent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// A failed htmx request shows a message; the page stays as it is.
function showFailure() {
  const place = document.getElementById("messages");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "alert";
  note.dataset.tone = "bad";
  note.dataset.failure = "";
  note.textContent = "Something went wrong. Check your connection and try again.";
  place.replaceChildren(note);
}
document.addEventListener("htmx:responseError", showFailure);
document.addEventListener("htmx:sendError", showFailure);
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.successful) document.querySelector("#messages > [data-failure]")?.remove();
});

// data-refresh="10": sends the element "refresh" every 10 seconds while the tab is visible.
setInterval(() => {
  if (document.visibilityState !== "visible") return;
  const now = Date.now();
  for (const element of document.querySelectorAll("[data-refresh]")) {
    const last = Number(element.dataset.refreshedAt ?? (element.dataset.refreshedAt = now));
    if (now - last < Number(element.dataset.refresh) * 1000) continue;
    element.dataset.refreshedAt = now;
    element.dispatchEvent(new Event("refresh"));
  }
}, 1000);
