// The last hour as small charts, and as a table.

import { $, choose, el, say, svg, sync } from "./dom.js";
import { moment, now, number, span } from "./words.js";

const minutes = 60;
const height = 60;

const charts = [
	{ name: "done", title: "Done per minute", of: "done", write: number, sum: true },
	{ name: "failed", title: "Failed attempts per minute", of: "failed", write: number, sum: true, bad: true },
	{ name: "waiting", title: "Waiting, at most in each minute", of: "waiting", write: number },
	{ name: "p95", title: "95 % of runs within, by the minute", of: "p95", write: span },
];

let hours = [];
let began = "";

export function setHours(all) {
	hours = all;
	draw();
}

export function setKinds(names, since) {
	began = since;
	choose($("hour-kind"), ["", ...names], (v) => v || "all kinds");
}

export function startCharts() {
	for (const c of charts) $("charts").append(make(c));
	$("hour-kind").addEventListener("change", draw);
	$("numbers").addEventListener("toggle", table);
}

function make(c) {
	c.gap = svg("rect", { class: "gap", x: 0, y: 0, width: 0, height });
	c.bars = svg("path", { class: c.bad ? "bars bad" : "bars", d: "" });
	c.label = svg("title", { id: `${c.name}-title` }, document.createTextNode(c.title));
	c.desc = svg("desc", { id: `${c.name}-desc` });
	c.value = el("span", { className: "value" });
	c.peak = el("span", { className: "peak soft" });
	const drawing = svg("svg", {
		viewBox: `0 0 ${minutes} ${height}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": `${c.name}-title ${c.name}-desc`,
	}, c.label, c.desc, c.gap, c.bars, svg("path", { class: "base", d: `M0 ${height}H${minutes}` }));
	return el("figure", { className: "card chart", id: `chart-${c.name}` },
		el("figcaption", {}, el("h3", { textContent: c.title }), el("p", {}, c.value, c.peak)),
		drawing,
		el("p", { className: "axis soft", ariaHidden: "true" }, el("span", { textContent: "1 h ago" }), el("span", { textContent: "now" })));
}

// series is one number a minute over the kinds that are chosen; -1 where nothing is
// known.
function series(of) {
	const chosen = hours.filter((h) => !$("hour-kind").value || h.kind === $("hour-kind").value);
	return Array.from({ length: minutes }, (_, i) => {
		const known = chosen.map((h) => h[of][i]).filter((n) => n >= 0);
		if (of === "p95") return Math.max(0, ...known);
		return known.length || !chosen.length ? known.reduce((a, b) => a + b, 0) : -1;
	});
}

function draw() {
	for (const c of charts) {
		const values = series(c.of);
		const most = Math.max(...values, 0);
		let d = "";
		values.forEach((v, i) => {
			if (v <= 0) return;
			const h = Math.max(1.5, ((height - 2) * v) / most);
			d += `M${i + 0.1} ${height}v${-h.toFixed(2)}h.8V${height}z`;
		});
		c.bars.setAttribute("d", d);
		c.gap.setAttribute("width", unrecorded());
		const last = Math.max(0, values[minutes - 1]);
		const total = values.reduce((a, v) => a + Math.max(0, v), 0);
		say(c.value, c.sum ? `${c.write(total)} in all` : `${c.write(last)} now`);
		say(c.peak, `peak ${c.write(most)}`);
		say(c.desc, `${c.sum ? `${c.write(total)} in all, ` : ""}${c.write(last)} in this minute, ${c.write(most)} at most.`);
	}
	if ($("numbers").open) table();
}

// unrecorded is how many of the minutes were before the process began.
function unrecorded() {
	if (!began) return 0;
	const recorded = Math.floor(now() / 60000) - Math.floor(Date.parse(began) / 60000) + 1;
	return Math.max(0, Math.min(minutes, minutes - recorded));
}

function table() {
	if (!$("numbers").open) return;
	const columns = ["done", "failed", "waiting", "running", "p95"].map(series);
	const rows = [];
	for (let i = minutes - 1; i >= unrecorded(); i--) {
		rows.push([moment(now() - (minutes - 1 - i) * 60000).replace(/:\d\d$/, ""), ...columns.map((c, j) => (c[i] < 0 ? "–" : j === 4 ? (c[i] ? span(c[i]) : "–") : number(c[i])))]);
	}
	sync($("numbers").querySelector("tbody"), rows, (r) => r[0],
		(r) => el("tr", {}, el("th", { scope: "row", textContent: r[0] }), ...r.slice(1).map(() => el("td"))),
		(node, r) => r.slice(1).forEach((text, i) => say(node.children[i + 1], text)));
}

export function noteSince(since) {
	say($("since"), `Kept in the memory of this process since ${moment(since)}, sampled each 10 seconds, and each second while a page is open; a restart forgets it. ` +
		"Run times are those of this process, the other numbers of all.");
}
