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
