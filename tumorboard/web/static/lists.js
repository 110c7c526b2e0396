// Comforts of lists that are worked in: the agenda of a draft, tables of days. Each page works without.
"use strict";

// Agenda: arrows walk; Alt+arrows or a drag carry a case, and what it would change is shown until it is let go. Esc puts
// it back. The place is found again after the page was loaded anew.
const PLACE = "agenda-place";
const moving = document.querySelector("[data-moving]");
let asked = 0;
const tell = (row, position) => {
  clearTimeout(asked);
  asked = row ? setTimeout(async () => {
    const mine = asked;
    const answer = await fetch(`${row.querySelector(".movers a").href}/effect?meeting=${row.parentNode.dataset.agenda.slice(3)}&position=${position}`).catch(() => null);
    if (answer?.ok && mine === asked) moving.innerHTML = await answer.text();
  }, 150) : 0;
  if (!row) moving.replaceChildren();
};
for (const body of moving ? document.querySelectorAll("[data-agenda]") : []) {
  const rows = [...body.querySelectorAll("tr[data-case]")];
  let held = null;
  const place = () => [...body.children].indexOf(held);
  const carry = (row, to, isDrag) => {
    held = row;
    row.classList.add("held");
    if (to < 0 || to >= rows.length || to === place()) return;
    while (place() > to) row.after(row.previousElementSibling); // the neighbours move, so that it keeps the pointer
    while (place() < to) row.before(row.nextElementSibling);
    row.focus({ preventScroll: isDrag });
    tell(row, to);
  };
  const end = (isKept) => {
    const [row, to] = [held, place()];
    if (!row) return;
    held = null;
    row.classList.remove("held");
    if (isKept && to !== rows.indexOf(row)) {
      const button = row.querySelector("button:enabled");
      button.value = `${row.dataset.case}.${to}`;
      button.click();
    } else { body.append(...rows); row.focus(); tell(); }
  };
  for (const row of rows) {
    row.tabIndex = 0;
    const grip = row.querySelector("[data-grip]");
    grip.hidden = false;
    grip.addEventListener("pointerdown", (event) => { event.preventDefault(); grip.setPointerCapture(event.pointerId); carry(row, -1); });
    grip.addEventListener("pointermove", (event) => {
      if (!held) return;
      const over = document.elementFromPoint(event.clientX, event.clientY)?.closest("tr[data-case]");
      if (over && over !== row && over.parentNode === body) carry(row, [...body.children].indexOf(over), true);
      scrollBy(0, event.clientY < 150 ? -24 : event.clientY > innerHeight - 120 ? 24 : 0);
    });
    grip.addEventListener("pointerup", () => end(true));
    grip.addEventListener("pointercancel", () => end(false));
    for (const button of row.querySelectorAll("button[data-step]")) {
      const look = () => { if (!button.disabled) tell(row, button.value.split(".")[1]); };
      button.addEventListener("focus", look);
      button.addEventListener("pointerenter", look);
      button.addEventListener("blur", () => tell());
      button.addEventListener("pointerleave", () => tell());
    }
  }
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-case]");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") end(false);
    if (!row || !step) return;
    event.preventDefault();
    if (event.altKey) carry(row, [...body.children].indexOf(row) + step);
    else rows[rows.indexOf(row) + step]?.focus();
  });
  body.addEventListener("keyup", (event) => { if (event.key === "Alt") { event.preventDefault(); end(true); } });
}
document.addEventListener("submit", (event) => {
  const row = event.target.dataset.place ?? event.submitter?.closest("tr[data-case]")?.id;
  if (row) sessionStorage.setItem(PLACE, row);
});
const found = sessionStorage.getItem(PLACE);
if (found) {
  sessionStorage.removeItem(PLACE);
  document.getElementById(found)?.focus();
}

// A table of days by keyboard: arrows walk from cell to cell, over those where nothing can be pressed (days that are
// over), Home and End to the ends of a row.
for (const grid of document.querySelectorAll("[data-grid]")) {
  grid.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, tbody th");
    const { key } = event;
    if (!cell || !/^(Arrow|Home|End)/.test(key) || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...grid.querySelectorAll("tbody tr:not(.group)")];
    const down = (key === "ArrowDown") - (key === "ArrowUp");
    const right = (key === "ArrowRight") - (key === "ArrowLeft");
    let line = rows.indexOf(cell.parentNode) + down;
    let at = key === "Home" ? 0 : key === "End" ? cell.parentNode.cells.length - 1 : cell.cellIndex + right;
    const next = () => rows[line]?.cells[at];
    const target = () => next()?.querySelector("button, a");
    while ((down || right) && next() && !target()) { line += down; at += right; }
    if (target()) { event.preventDefault(); target().focus(); }
  });
}
