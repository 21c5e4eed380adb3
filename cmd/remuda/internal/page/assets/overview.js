// What is the matter, the totals, the kinds, why tasks fail, and what runs.

import { act } from "./act.js";
import { $, el, part, say, show, sync } from "./dom.js";
import { kind as kindPath } from "./net.js";
import { ago, count, number, short, since, span } from "./words.js";

export const link = (id) => `#/task/${encodeURIComponent(id)}`;

export function setOverview(state) {
	problems(state);
	totals(state);
	kinds(state);
	failing(state.failing);
	running(state);
}

function problems(state) {
	const all = state.problems.map((p) => ({ ...p, key: `${p.kind} ${p.text.replace(/[\d.]+/g, "")}` }));
	if (state.trouble) all.unshift({ kind: "the store", bad: true, text: `does not answer: ${state.trouble}`, key: "store" });
	const bad = all.filter((p) => p.bad).length;
	const verdict = bad ? count(bad, "problem") : all.length ? count(all.length, "remark") : "all is well";
	$("verdict").dataset.level = bad ? "bad" : all.length ? "warn" : "good";
	say($("verdict"), verdict);
	document.title = bad ? `(${bad}) remuda` : "remuda";
	if (!all.length) all.push({ key: "none", kind: "", text: "Nothing. Tasks run, and none of them fail." });
	sync($("problems"), all, (p) => p.key, () => el("li", {},
		el("span", {}, el("b", { "data-part": "kind" }), " ", el("span", { "data-part": "text" })), el("a", { "data-part": "list", textContent: "see them" })), (node, p) => {
		node.dataset.level = p.key === "none" ? "good" : p.bad ? "bad" : "warn";
		say(part(node, "kind"), p.kind);
		say(part(node, "text"), p.text);
		show(part(node, "list"), !!p.state);
		part(node, "list").href = `#/tasks/${p.state}/${encodeURIComponent(p.kind)}`;
		part(node, "list").setAttribute("aria-label", `see what is ${p.state} of ${p.kind}`);
	});
}

function totals(state) {
	const sum = (name) => state.kinds.reduce((n, k) => n + k[name], 0);
	const all = [
		["Waiting", sum("waiting")], ["Running", sum("running")], ["Scheduled", sum("scheduled")],
		["Dead", sum("dead"), "bad"], ["Done, 1 h", sum("done")], ["Failed, 1 h", sum("failed"), "bad"],
	];
	sync($("totals"), all, (t) => t[0], (t) => el("div", { className: "card" }, el("dt", { textContent: t[0] }), el("dd")), (node, t) => {
		node.dataset.level = t[2] && t[1] ? t[2] : "";
		say(node.lastElementChild, short(t[1]));
	});
}

const columns = [
	["waiting", "Waiting"], ["running", "Running"], ["scheduled", "Scheduled"], ["dead", "Dead"], ["oldest", "Oldest"], ["done", "Done, 1 h"],
	["failed", "Failed, 1 h"], ["p50", "Half within"], ["p95", "95 % within"],
];
const bad = new Set(["dead", "failed"]);

function kinds(state) {
	sync($("kinds").tBodies[0], state.kinds, (k) => k.kind, makeKind, (row, k) => {
		for (const [name] of columns) {
			const cell = part(row, name);
			const time = name === "oldest" || name === "p50" || name === "p95";
			say(cell, time ? (k[name] ? span(k[name]) : "–") : number(k[name]));
			cell.dataset.level = bad.has(name) && k[name] ? "bad" : "";
		}
		const remark = part(row, "remark");
		say(remark, k.paused ? "paused" : k.handled ? "" : "no worker");
		show(remark, remark.textContent !== "");
		const button = row.querySelector("button");
		say(button, k.paused ? "Resume" : "Pause");
		button.setAttribute("aria-label", `${button.textContent} ${k.kind}`);
	});
}

function makeKind(k) {
	const button = el("button", { type: "button", className: "quiet" });
	button.addEventListener("click", () => {
		const what = button.textContent === "Pause" ? "pause" : "resume";
		act(button, "POST", `${kindPath(k.kind)}/${what}`, `${k.kind} was ${what}d.`);
	});
	return el("tr", { role: "row" },
		el("th", { scope: "row", role: "rowheader" }, k.kind, " ", el("span", { className: "badge", "data-part": "remark", "data-level": "warn" })),
		...columns.map(([name, label]) => el("td", { role: "cell", className: "n", "data-part": name, "data-label": label })),
		el("td", { role: "cell", "data-control": "" }, button));
}

function failing(all) {
	empty($("failing"), all, "No attempt has failed.", (f) => `${f.kind} ${f.id} ${f.reason}`, () => el("li", {},
		el("p", { className: "row" }, el("b", { "data-part": "kind" }), el("span", { className: "badge", "data-part": "count", "data-level": "bad" }), el("span", { className: "soft", "data-part": "last" })),
		el("p", { className: "reason", "data-part": "reason" }),
		el("p", { className: "soft" }, "the last one: ", el("a", { "data-part": "link" }))), (node, f) => {
		say(part(node, "kind"), f.kind);
		say(part(node, "count"), `${count(f.failed, "attempt")}${f.dead ? `, ${number(f.dead)} dead` : ""}`);
		tick(part(node, "last"), f.last, ago);
		say(part(node, "reason"), f.reason || "no reason was given");
		part(node, "link").href = link(f.id);
		say(part(node, "link"), f.id);
	});
}

function running(state) {
	empty($("running"), state.running, "Nothing runs.", (r) => r.id, () => el("li", {},
		el("p", { className: "row" }, el("a", { "data-part": "link" }), el("span", { className: "badge", "data-part": "slow", "data-level": "warn", textContent: "slow" })),
		el("p", { className: "soft" }, el("span", { "data-part": "time" }), el("span", { "data-part": "note" }))), (node, r) => {
		part(node, "link").href = link(r.id);
		say(part(node, "link"), r.id);
		show(part(node, "slow"), !!r.slow);
		tick(part(node, "time"), r.begun, (t) => `for ${since(t)}${r.attempt > 1 ? `, attempt ${number(r.attempt)}` : ""}`);
		say(part(node, "note"), r.progress || r.note ? `, ${Math.round(100 * (r.progress || 0))} %${r.note ? `: ${r.note}` : ""}` : "");
	});
	const more = state.runs_here - state.running.length;
	say($("running-note"), `${more > 0 ? `${number(more)} more. ` : ""}The longest first. Slow is what runs for twice as long as 95 % of its kind did in the last hour.`);
}

// empty is sync with a text for a list that has nothing.
function empty(list, all, text, key, make, update) {
	const items = all.length ? all : [null];
	sync(list, items, (x) => (x ? key(x) : ""), (x) => (x ? make(x) : el("li", { className: "soft", textContent: text })), (node, x) => x && update(node, x));
}

const ticking = new Map();

// tick writes a time, and again each second.
export function tick(node, time, write) {
	ticking.set(node, () => say(node, write(time)));
	say(node, write(time));
}

setInterval(() => {
	for (const [node, f] of ticking) {
		if (node.isConnected) f();
		else ticking.delete(node);
	}
}, 1000);
