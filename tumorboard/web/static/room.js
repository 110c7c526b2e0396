// The room of a meeting. What is typed stays in this browser until the server has it, and is sent again until then.
const room = document.querySelector("[data-room]");
const { store, api, token, day, offset } = room.dataset;
const said = JSON.parse(room.dataset.words || "{}");
const ahead = Date.parse(room.dataset.now) - Date.now();
const time = () => new Date(Date.now() + ahead);
const writers = [];
const pause = (ms) => new Promise((go) => { setTimeout(go, ms); });
let wake = () => {};

function tick() {
  for (const clock of room.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((time() - Date.parse(clock.dataset.since)) / 1000));
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    clock.parentNode.querySelector("[data-over]").hidden = seconds <= 60 * clock.dataset.minutes;
  }
}
tick();
setInterval(tick, 1000);

function tell(text) {
  const note = room.querySelector("[data-said]");
  if (note) { note.hidden = !text; note.lastElementChild.textContent = text; }
}

// Puts the parts of a fresh page in place; what is being typed, and where the focus is, stays as it is.
async function look(address = location.href, more = {}) {
  const answer = await fetch(address, { cache: "no-store", ...more }).catch(() => null);
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  const isRoom = Boolean(page.querySelector("[data-room]"));
  if (!isRoom) { if (more.method) tell(answer ? said.login : said.offline); return false; }
  for (const part of room.querySelectorAll("[data-part]")) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    const focus = part.contains(document.activeElement) && document.activeElement.id;
    part.innerHTML = fresh.innerHTML;
    if (focus) (document.getElementById(focus) || part.querySelector("button, a"))?.focus();
  }
  for (const item of room.querySelectorAll(".room-case")) {
    item.dataset.state = page.getElementById(item.id)?.dataset.state ?? item.dataset.state;
  }
  writers.forEach((writer) => writer.follow(page));
  const problem = page.querySelector("main > .note.problem span");
  if (problem) tell(problem.textContent);
  tick();
  return true;
}
(async () => { for (;;) { await pause(3000); if (!document.hidden) await look(); } })();

function turnTo(item) {
  for (const other of room.querySelectorAll(".room-case details")) other.open = item.contains(other);
  item.querySelector("textarea")?.focus();
  item.scrollIntoView({ block: "nearest" });
}
async function tap(form, submitter) {
  tell("");
  const done = await look(form.action, { method: "POST", body: new FormData(form, submitter) });
  const number = form.dataset.begin || (submitter.value === "begin" && form.closest(".room-case").id.slice(5));
  if (done && number) turnTo(document.getElementById(`case-${number}`));
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-tap]")) return;
  event.preventDefault();
  event.stopPropagation();
  tap(event.target, event.submitter);
}, true);

for (const form of room.querySelectorAll("form[data-write]")) {
  const key = `${store}:${form.dataset.write}`;
  const { text, outcome, reason, from, until, stamp } = form.elements;
  const item = form.closest(".room-case");
  const kept = JSON.parse(localStorage.getItem(key) || "null");
  // `had` is what the server holds, `job` what it was sent and has not answered, `done` an outcome on its way.
  const writer = { had: text.value.trim(), stamp: stamp.value, job: null, done: null, isHeld: false, ...kept };
  writers.push(writer);
  const show = (words) => { form.querySelector("[data-state]").textContent = words; };
  const isDirty = () => text.value.trim() !== writer.had;
  const keep = () => {
    const { had, stamp: name, job, done } = writer;
    if (!job && !done && !isDirty()) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ had, stamp: name, job, done, text: text.value }));
  };
  const clash = (data) => {
    form.querySelector(".theirs")?.remove();
    form.prepend(room.querySelector("[data-clash]").content.cloneNode(true));
    const note = form.querySelector(".theirs");
    note.querySelector("blockquote").textContent = data.theirs;
    const join = note.querySelector("button");
    join.hidden = false;
    join.addEventListener("click", () => {
      text.value = `${data.theirs}\n${text.value}`;
      note.remove();
      writer.isHeld = false;
      keep();
      wake();
      text.focus();
    });
    Object.assign(writer, { had: data.theirs.trim(), stamp: data.stamp });
    show(said.clash);
  };
  if (kept) { text.value = kept.text; show(said.typing); }
  writer.wants = () => writer.job || writer.done || (!writer.isHeld && isDirty());
  writer.order = () => (writer.job ? "" : writer.done?.at ?? "~");
  const takesReason = () => [...reason.selectedOptions].some((one) => one.dataset.of === outcome.value);
  // The outcome that is suggested follows who is here, until somebody has chosen one.
  form.addEventListener("change", (event) => { if (event.target.name === "outcome") form.dataset.chosen = "1"; });
  writer.follow = (page) => {
    const fresh = page.getElementById(text.id);
    if (fresh && !form.dataset.chosen && !writer.done) outcome.value = fresh.form.elements.outcome.value;
    if (!fresh || writer.wants() || writer.isHeld || document.activeElement === text) return;
    text.value = fresh.value;
    Object.assign(writer, { had: fresh.value.trim(), stamp: fresh.form.elements.stamp.value });
  };
  writer.send = async () => {
    const body = { text: text.value.trim(), stamp: writer.stamp, ...writer.done };
    writer.job ||= { path: writer.done ? "outcome" : "recommendation", body };
    keep();
    const { path, body: sent } = writer.job;
    const answer = await fetch(`${api}${form.dataset.write}/${path}`, {
      method: path === "outcome" ? "POST" : "PUT",
      body: JSON.stringify(sent),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    }).catch(() => null);
    const data = await answer?.json().catch(() => null);
    const isLater = !data || answer.status >= 500 || /^(busy|changed-meanwhile|already-exists)$/.test(data.code);
    if (isLater || [400, 401].includes(answer.status)) { show(isLater ? said.offline : said.login); return false; }
    writer.job = null;
    if (path === "outcome") writer.done = null;
    if (answer.ok) {
      Object.assign(writer, { had: sent.text, stamp: data.stamp });
      show(isDirty() ? said.typing : said.saved);
    } else {
      Object.assign(writer, { done: null, isHeld: true });
      if (data.theirs === undefined) show(data.detail);
      else clash(data);
      if (path === "outcome") { tell(data.detail); form.closest("details").open = true; }
    }
    keep();
    if (path === "outcome") await look();
    return true;
  };
  text.addEventListener("input", () => {
    if (!form.querySelector(".theirs")) writer.isHeld = false;
    keep();
    show(said.typing);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=outcome]"));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    form.querySelector(".theirs")?.remove();
    writer.isHeld = false;
    const what = event.submitter?.value;
    if (what === "begin") { tap(form, event.submitter); return; }
    if (what === "draft") { wake(); return; }
    form.dataset.chosen = "";
    const isPutOff = /^(deferred|withdrawn)$/.test(outcome.value);
    if (outcome.value === "discussed" && !text.value.trim()) { show(said.text); text.focus(); return; }
    if (isPutOff && !reason.value) { show(said.reason); reason.focus(); return; }
    const at = (clock) => `${day}T${clock}:00${offset}`;
    const given = item.dataset.state === "open" && from?.value && until?.value;
    const span = given ? { started_at: at(from.value), ended_at: at(until.value) } : {};
    const common = { outcome: outcome.value, reason: takesReason() ? reason.value : "", go_on: true };
    writer.done = { ...common, ...span, at: time().toISOString() };
    tell("");
    show(said.waiting);
    keep();
    const items = [...room.querySelectorAll(".room-case")];
    const place = items.indexOf(item);
    const isNew = item.dataset.state !== "settled";
    item.dataset.state = "settled";
    const rest = [...items.slice(place + 1), ...items.slice(0, place)];
    const next = rest.find((other) => other.dataset.state !== "settled");
    if (next && isNew) turnTo(next);
    wake();
  });
  keep();
}

// One request after the other, in the order in which things happened; again after two seconds without an answer.
(async () => {
  for (;;) {
    const [writer] = writers.filter((one) => one.wants()).sort((one, other) => (one.order() < other.order() ? -1 : 1));
    const isTaken = writer ? await writer.send() : false;
    const rest = isTaken ? 100 : writer ? 2000 : 1000;
    await Promise.race([pause(rest), new Promise((go) => { wake = go; })]);
  }
})();
