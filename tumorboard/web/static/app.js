// Comforts only: every page works without this file. Modules are found by their data- attributes.
"use strict";

// Tick all, and say how many are ticked.
for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = () => [...document.querySelectorAll('input[name="case"]')];
  const said = document.querySelector("[data-ticked]");
  const plain = said ? said.textContent : "";
  const count = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && ticked < boxes().length;
    all.closest("table").nextElementSibling?.classList.toggle("at-hand", ticked > 0);
    if (said) said.textContent = ticked ? `${plain} ${ticked}` : plain;
  };
  all.hidden = false;
  all.addEventListener("change", () => { boxes().forEach((box) => { box.checked = all.checked; }); count(); });
  document.addEventListener("change", (event) => { if (event.target.name === "case") count(); });
  count();
}

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

// Agenda by keyboard: arrows walk, Alt+arrows move. The place is found again after the page was loaded anew.
const PLACE = "agenda-place";
for (const body of document.querySelectorAll("[data-agenda]")) {
  const rows = [...body.querySelectorAll("tr[data-case]")];
  rows.forEach((row) => { row.tabIndex = 0; });
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-case]");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!row || !step || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    if (!event.altKey) { rows[rows.indexOf(row) + step]?.focus(); return; }
    const button = row.querySelector(`button[data-step="${step}"]`);
    if (button && !button.disabled) button.click();
  });
  body.addEventListener("submit", (event) => {
    sessionStorage.setItem(PLACE, event.target.closest("tr[data-case]").id);
  });
}
const place = sessionStorage.getItem(PLACE);
if (place) {
  sessionStorage.removeItem(PLACE);
  document.getElementById(place)?.focus();
}

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
