// The list of tasks in a state.

import { act, afterAct, tell } from "./act.js";
import { $, choose, el, part, say, show, sync } from "./dom.js";
import { change, read, task as taskPath } from "./net.js";
import { link, tick } from "./overview.js";
import { ago, number, span } from "./words.js";

const states = ["dead", "retrying", "running", "waiting", "scheduled", "done", "cancelled", "expired"];
export const revivable = new Set(["dead", "cancelled", "expired"]);
const final = new Set(["done", "dead", "cancelled", "expired", "deleted"]);
export const cancellable = (state) => !final.has(state);

let shown = [];
let last = ""; // what the list depends on, when it was read
let now = "";
let reading = false;
let earliest = 0;
let timer;

export function startList() {
	choose($("tasks-state"), states);
	for (const id of ["tasks-state", "tasks-kind"]) $(id).addEventListener("change", () => refresh(true));
	$("find").addEventListener("submit", (e) => {
		e.preventDefault();
		location.hash = link($("find-id").value.trim());
	});
	$("redrive-all").addEventListener("click", redriveAll);
	afterAct(() => refresh(true));
	window.addEventListener("hashchange", route);
	route();
}

// route shows the list of an address: #/tasks/STATE/KIND.
function route() {
	const [, state, kind] = location.hash.match(/^#\/tasks\/(\w+)\/([\w-]*)$/) || [];
	if (!states.includes(state)) return;
	$("tasks-state").value = state;
	$("tasks-kind").value = kind;
	refresh(true);
	$("tasks-title").focus();
	$("tasks-title").scrollIntoView();
	history.replaceState(null, "", location.pathname + location.search); // so that the same link works again
}

// setTotals reads the list again if what it shows may have changed.
export function setTotals(state) {
	choose($("tasks-kind"), ["", ...state.kinds.map((k) => k.kind)], (v) => v || "all kinds");
	now = JSON.stringify(state.kinds.map((k) => [k.waiting, k.running, k.scheduled, k.dead, k.done, k.failed, k.died]));
	refresh(last === "");
}

const least = 2000; // milliseconds between two readings, and a share of what one takes

async function refresh(force) {
	clearTimeout(timer);
	if (reading || (!force && now === last)) {
		if (force) last = "";
		return;
	}
	if (!force && Date.now() < earliest) {
		timer = setTimeout(refresh, earliest - Date.now(), false);
		return;
	}
	reading = true;
	last = now;
	const asked = { state: $("tasks-state").value, kind: $("tasks-kind").value };
	try {
		const list = await read("tasks", asked);
		earliest = Date.now() + Math.max(least, 10_000 * list.took);
		draw(asked, list);
	} catch (err) {
		say($("tasks-note"), `The tasks could not be read: ${err.message}`);
		earliest = Date.now() + least;
		last = "";
	} finally {
		reading = false;
	}
	if (last !== now || asked.state !== $("tasks-state").value || asked.kind !== $("tasks-kind").value) refresh(last === "");
}

function draw(asked, list) {
	shown = list.tasks;
	const focused = $("tasks").contains(document.activeElement);
	sync($("tasks").tBodies[0], shown, (t) => t.id, make, update);
	if (focused && !document.activeElement?.closest("#tasks")) $("tasks-title").focus();
	const order = asked.state === "waiting" || asked.state === "scheduled" ? "the first" : asked.state === "running" ? "the longest" : "the newest";
	const few = shown.length < list.total || list.cut ? `, ${order} of ${list.cut ? "more than " : ""}${number(list.total)}` : "";
	say($("tasks-note"), shown.length ? `${number(shown.length)} shown${few}; read in ${span(list.took)}.` : `No task is ${asked.state}.`);
	const revive = shown.filter((t) => revivable.has(t.state)).length;
	show($("redrive-all"), revive > 0 && document.body.dataset.control === "true");
	say($("redrive-all"), revive === 1 ? "Redrive it" : `Redrive these ${number(revive)}`);
}

function make(t) {
	const button = el("button", { type: "button", className: "quiet" });
	button.addEventListener("click", () => {
		const what = button.dataset.what;
		act(button, "POST", `${taskPath(t.id)}/${what}`, `${t.id} was ${what === "cancel" ? "cancelled" : "redriven"}.`);
	});
	return el("tr", { role: "row" },
		el("th", { scope: "row", role: "rowheader" }, el("a", { href: link(t.id), textContent: t.id })),
		el("td", { role: "cell", "data-label": "State" }, el("span", { className: "badge", "data-part": "state" })),
		el("td", { role: "cell", className: "n", "data-label": "Attempts", "data-part": "attempts" }),
		el("td", { role: "cell", className: "n", "data-label": "When", "data-part": "when" }),
		el("td", { role: "cell", className: "why", "data-label": "Reason" }, el("div", { className: "reason", "data-part": "reason" })),
		el("td", { role: "cell", "data-control": "" }, button));
}

function update(row, t) {
	badge(part(row, "state"), t.state);
	say(part(row, "attempts"), number(t.attempts));
	tick(part(row, "when"), t.due || t.updated || t.pushed, ago);
	say(part(row, "reason"), t.reason || t.note || "–");
	const button = row.querySelector("button");
	button.dataset.what = revivable.has(t.state) ? "redrive" : "cancel";
	show(button, revivable.has(t.state) || cancellable(t.state));
	say(button, revivable.has(t.state) ? "Redrive" : "Cancel");
	button.setAttribute("aria-label", `${button.textContent} ${t.id}`);
}

const levels = { dead: "bad", expired: "bad", retrying: "warn", done: "good", running: "run" };

export function badge(node, state) {
	say(node, state);
	node.dataset.level = levels[state] || "";
}

async function redriveAll() {
	const button = $("redrive-all");
	if (button.getAttribute("aria-disabled") === "true") return;
	button.setAttribute("aria-disabled", "true");
	const all = shown.filter((t) => revivable.has(t.state));
	let n = 0;
	let fault = "";
	for (const t of all) {
		try {
			await change("POST", `${taskPath(t.id)}/redrive`);
			n++;
		} catch (err) {
			fault = `${t.id}: ${err.message}`;
		}
	}
	button.removeAttribute("aria-disabled");
	tell(fault ? `${number(n)} of ${number(all.length)} were redriven. ${fault}` : `${number(n)} redriven.`, fault !== "");
	refresh(true);
}
