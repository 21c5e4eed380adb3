// One task, in a dialog: #/task/ID.

import { act, afterAct, tell } from "./act.js";
import { $, el, say, show } from "./dom.js";
import { badge, cancellable, revivable } from "./list.js";
import { read, task as taskPath } from "./net.js";
import { tick } from "./overview.js";
import { ago, bytes, count, moment, number, since, span } from "./words.js";

let id = "";
let payload = false; // it is asked for
let reading = false;
let again = false;

export function startDetail() {
	window.addEventListener("hashchange", route);
	$("detail").addEventListener("close", closed);
	$("detail-close").addEventListener("click", () => $("detail").close());
	$("payload-show").addEventListener("click", () => {
		payload = true;
		$("payload-part").querySelector("pre").hidden = false;
		refresh().then(() => $("payload-part").querySelector("pre").focus());
	});
	$("do-redrive").addEventListener("click", () => act($("do-redrive"), "POST", `${taskPath(id)}/redrive`, "It was redriven."));
	$("do-cancel").addEventListener("click", () => act($("do-cancel"), "POST", `${taskPath(id)}/cancel`, "It was cancelled."));
	$("do-delete").addEventListener("click", () => sure(true));
	$("sure-no").addEventListener("click", () => sure(false));
	$("sure-yes").addEventListener("click", remove);
	afterAct(refresh);
	route();
}

function route() {
	const match = location.hash.match(/^#\/task\/(.+)$/);
	if (!match) {
		if ($("detail").open) $("detail").close();
		return;
	}
	let wanted = "";
	try {
		wanted = decodeURIComponent(match[1]);
	} catch {
		return; // it was typed wrong
	}
	if (wanted !== id) clear(wanted);
	if (!$("detail").open) $("detail").showModal();
	refresh();
}

function clear(wanted) {
	id = wanted;
	payload = false;
	say($("detail-title"), id);
	for (const part of ["reason", "attempts", "output", "payload", "stack"]) show($(`${part}-part`), false);
	for (const name of ["detail-said", "detail-fault"]) say($(name), "");
	$("facts").replaceChildren();
	show($("detail-control"), false);
	sure(false, false);
}

function closed() {
	id = "";
	if (location.hash.startsWith("#/task/")) history.pushState(null, "", location.pathname + location.search);
	if (document.activeElement === document.body) $("tasks-title").focus(); // what was clicked is gone
}

// sure asks whether the task is to be deleted.
function sure(asked, focus = true) {
	show($("sure"), asked);
	for (const name of ["do-redrive", "do-cancel", "do-delete"]) $(name).classList.toggle("away", asked);
	if (focus) $(asked ? "sure-no" : "do-delete").focus();
}

async function remove() {
	const gone = id;
	if (!(await act($("sure-yes"), "DELETE", taskPath(gone), ""))) return;
	$("detail").close();
	tell(`${gone} was deleted.`);
}

// refresh reads the task again. One reading goes on at a time.
export async function refresh() {
	if (!id || !$("detail").open) return;
	if (reading) {
		again = true;
		return;
	}
	reading = true;
	const asked = id;
	try {
		const d = await read("task", payload ? { id, payload } : { id });
		if (asked === id) draw(d);
	} catch (err) {
		if (asked === id) failed(err);
	} finally {
		reading = false;
	}
	if (again || (id && asked !== id)) {
		again = false;
		await refresh();
	}
}

function failed(err) {
	say($("detail-fault"), err.message);
	if (payload) payload = false; // it has no payload any more
	else show($("detail-control"), false);
}

function draw(d) {
	const t = d.task;
	say($("detail-fault"), "");
	facts(d);
	show($("detail-control"), document.body.dataset.control === "true");
	keepFocus(() => {
		show($("do-redrive"), revivable.has(t.state));
		show($("do-cancel"), cancellable(t.state));
	});
	text("reason", t.reason);
	text("stack", t.stack);
	attempts(d);
	blob("output", d.output);
	show($("payload-part"), t.state !== "done");
	show($("payload-show"), !d.payload);
	blobInto($("payload-part"), d.payload);
}

// keepFocus takes it to the title if the button that has it goes.
function keepFocus(f) {
	const had = document.activeElement;
	f();
	if (had?.hidden) $("detail-title").focus();
}

function facts(d) {
	const t = d.task;
	const state = el("span", { className: "badge" });
	badge(state, t.state);
	const all = [
		["State", state], ["Kind", t.kind], ["Attempts used", number(t.attempts)],
		["Runs", d.begun && timed(d.begun, (x) => `for ${since(x)}, attempt ${number(d.attempt)}`)],
		["Progress", (t.progress || t.note) && `${Math.round(100 * (t.progress || 0))} %${t.note ? `: ${t.note}` : ""}`],
		["Pushed", t.pushed && timed(t.pushed, (x) => `${moment(x)}, ${ago(x)}`)],
		["Due", t.due && timed(t.due, (x) => `${moment(x)}, ${ago(x)}`)],
		["Changed", t.updated && timed(t.updated, (x) => `${moment(x)}, ${ago(x)}`)],
		["Expires", t.expires && timed(t.expires, (x) => `${moment(x)}, ${ago(x)}`)],
		["Unique key", t.key],
	];
	$("facts").replaceChildren(...all.filter((f) => f[1]).map(([name, value]) => el("div", {}, el("dt", { textContent: name }), el("dd", {}, value))));
}

function timed(time, write) {
	const node = el("time", { dateTime: time });
	tick(node, time, write);
	return node;
}

function text(name, value) {
	show($(`${name}-part`), !!value);
	say($(`${name}-part`).querySelector("pre"), value || "");
}

function attempts(d) {
	show($("attempts-part"), true);
	const above = d.task.reason; // which is shown in full
	$("attempts").replaceChildren(...d.attempts.map((a) => {
		const state = el("span", { className: "badge" });
		badge(state, a.state === "retrying" ? "failed" : a.state);
		if (a.state === "retrying") state.dataset.level = "warn";
		const took = a.took ? ` after ${span(a.took)}` : "";
		return el("li", {}, el("p", { className: "row" }, el("b", { textContent: a.attempt ? `${number(a.attempt)}.` : "–" }), state,
			el("span", { className: "soft" }, timed(a.ended, (x) => `${moment(x)}, ${ago(x)}`), took)), a.reason && a.reason !== above ? el("p", { className: "reason", textContent: a.reason }) : a.reason ? el("p", { className: "soft", textContent: "for the same reason" }) : "");
	}));
	const known = d.attempts.filter((a) => a.attempt).length;
	say($("attempts-note"), d.attempts.length >= d.task.attempts && known ? "" :
		`${count(d.task.attempts, "attempt")} used up; this process has seen ${number(known)} of them since it began, and the store keeps the reason of the last one.`);
}

function blob(name, b) {
	show($(`${name}-part`), !!b);
	blobInto($(`${name}-part`), b);
}

function blobInto(node, b) {
	show(node.querySelector("pre"), !!b && b.size > 0);
	say(node.querySelector("pre"), b ? b.text : "");
	say(node.querySelector("p"), b ? `${bytes(b.size)}${b.binary ? ", not text" : ""}${b.cut ? "; the beginning" : ""}${b.size ? "" : "; it is empty"}` : "");
}
