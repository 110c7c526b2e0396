// Comforts only: every page works without this file. Modules are found by their data- attributes.
"use strict";

// A chosen filter counts at once.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") form.requestSubmit(); });
}

// A form is sent once, and its button says that something happens.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A link to copy is chosen as a whole.
for (const field of document.querySelectorAll("[data-select]")) {
  field.addEventListener("focus", () => field.select());
}

// A proposal being made: looks again every second, until the page leads on. The parts that changed are put in place.
for (const run of document.querySelectorAll("[data-run]")) {
  const look = async () => {
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (answer && (answer.type === "opaqueredirect" || !answer.ok)) { location.reload(); return; }
    if (answer) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-run]")) { location.reload(); return; }
      for (const part of run.querySelectorAll("[data-part]")) {
        const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
      }
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
}

// Single keys press what carries them (data-key="z", or "g c" for two in turn), unless they are switched off.
const isTyping = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, dialog");
let firstKey = "";
document.addEventListener("keydown", (event) => {
  if (!("shortcuts" in document.body.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.isComposing || isTyping(event.target)) return;
  const keys = firstKey ? `${firstKey} ${event.key}` : event.key;
  firstKey = "";
  const target = document.querySelector(`[data-key="${CSS.escape(keys)}"]`);
  if (keys === "?") document.querySelector("[data-help]")?.click();
  else if (keys === "/") document.querySelector("main input[type=search]")?.focus();
  else if (keys === "j" || keys === "k") walk(keys === "j" ? 1 : -1);
  else if (target?.matches("input, select")) target.focus();
  else if (target) target.click();
  else { if (keys === "g") firstKey = keys; return; }
  event.preventDefault();
});
function walk(step) {
  const rows = [...document.querySelectorAll("main tbody tr:not([hidden])")].filter((row) => row.querySelector("a"));
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  rows[here < 0 ? 0 : here + step]?.querySelector("th a, a").focus();
}

// Help opens over the page, with the keys of this page.
for (const link of document.querySelectorAll("a[data-help]")) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const before = document.activeElement;
    const answer = await fetch(link.href).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const text = page?.querySelector("[data-help-text]");
    if (!text) { location.href = link.href; return; }
    const over = document.createElement("dialog");
    over.setAttribute("aria-labelledby", "help-title");
    text.querySelector("h1").id = "help-title";
    const known = new Set([...text.querySelectorAll("[data-keys] td:first-child")].map((cell) => cell.textContent.trim()));
    for (const part of document.querySelectorAll("[data-key]")) {
      if (known.has(part.dataset.key)) continue;
      const row = text.querySelector("[data-keys]")?.insertRow();
      if (!row) break;
      row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: part.dataset.key }));
      row.insertCell().textContent = part.ariaLabel || part.textContent.trim() || part.labels?.[0]?.textContent;
      known.add(part.dataset.key);
    }
    const close = Object.assign(document.createElement("button"), { textContent: "×", ariaLabel: "Esc", className: "dialog-close" });
    close.addEventListener("click", () => over.close());
    over.append(close, text);
    over.addEventListener("close", () => { over.remove(); before.focus(); });
    document.body.append(over);
    over.showModal();
  });
}

// A link to copy has a button that copies it.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    if (!navigator.clipboard) document.execCommand("copy");
    else await navigator.clipboard.writeText(field.value).catch(() => {});
    button.querySelector("span").textContent = button.dataset.done;
  });
}

// An open menu closes by Esc and by a click elsewhere.
for (const menu of document.querySelectorAll("details[data-close]")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
  });
}

// After an action the focus is where it happened: at the part that the address names, else at what is said of it.
const news = document.querySelector("main > [role][tabindex]");
if (news && !document.querySelector("[autofocus]")) {
  const part = document.getElementById(location.hash.slice(1)) || news;
  if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
  part.focus({ preventScroll: true });
  // What is said over the page, and asks nothing, goes with the next click.
  if (news.matches(".done:not(:has(form))")) {
    document.addEventListener("click", () => { if (getComputedStyle(news).position === "fixed") news.remove(); }, { once: true });
  }
}
