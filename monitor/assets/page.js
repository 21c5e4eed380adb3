// The page listens to the state, and shows it. Text is only ever set as text.

const $ = (id) => document.getElementById(id);
const part = (node, name) => node.querySelector(`[data-part="${name}"]`);

function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

function svg(tag, attributes = {}, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

function say(node, text, level = "") {
	if (node.textContent !== text) node.textContent = text;
	if (node.dataset.level !== level) node.dataset.level = level;
}

// sync makes the children of parent as many as items, and updates them.
function sync(parent, items, make, update) {
	while (parent.children.length > items.length) parent.lastElementChild.remove();
	items.forEach((item, i) => {
		if (!parent.children[i]) parent.append(make(item, i));
		update(parent.children[i], item, i);
	});
}

const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const number = (n) => (n < 1e5 ? digits.format(n) : compact.format(n));
const rate = (n) => (n === null ? "–" : `${n > 0 && n < 10 ? n.toFixed(1) : number(n)} /s`);

function span(s) {
	if (s < 1e-6) return `${Math.round(s * 1e9)} ns`;
	if (s < 1e-3) return `${(s * 1e6).toPrecision(3)} µs`;
	if (s < 1) return `${Number((s * 1e3).toPrecision(3))} ms`;
	return s < 120 ? `${Number(s.toPrecision(3))} s` : `${Math.round(s / 60)} min`;
}

function ago(seconds) {
	if (seconds < 1) return "just now";
	if (seconds < 120) return `${Math.floor(seconds)} s ago`;
	return seconds < 7200 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}

const facts = [
	["busy", "Busy workers"], ["queued", "Queued"], ["rate", "Runs"], ["failing", "Failing"],
	["run50", "Run time, p50"], ["run99", "Run time, p99"], ["wait50", "In queue, p50"], ["wait99", "In queue, p99"],
];
const counts = ["accepted", "succeeded", "failed", "panicked", "dropped"];
const list = (names, className) => el("dl", { class: className },
	...names.map(([name, label]) => el("div", {}, el("dt", {}, label), el("dd", { "data-part": name }))));

const samples = 120;
const height = 40;

function chart(name, label, i) {
	const id = `chart-${i}-${name}`;
	return el("figure", { "data-part": `chart-${name}` },
		el("figcaption", {}, el("h3", {}, label), el("span", { class: "peak" })),
		svg("svg", { viewBox: `0 0 ${samples} ${height}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": `${id}-title ${id}-desc` },
			svg("title", { id: `${id}-title` }, `${label}, the last two minutes`), svg("desc", { id: `${id}-desc` }),
			svg("path", { class: "bars" }), svg("path", { class: "base", d: `M0 ${height}H${samples}` })));
}

const history = []; // of each pool, the last samples

function make(pool, i) {
	return el("article", { "aria-labelledby": `pool-${i}` }, el("h2", { id: `pool-${i}`, "data-part": "name" }), list(facts, ""), el("p", { class: "soft", "data-part": "beside", hidden: "" }),
		el("div", { class: "charts" }, chart("rate", "Runs a second", i), chart("queued", "Queued", i)),
		list(counts.map((c) => [c, c[0].toUpperCase() + c.slice(1)]), "counts"));
}

function update(node, p, i) {
	say(part(node, "name"), p.name);
	const full = p.workers > 0 && p.busy >= p.workers;
	say(part(node, "busy"), `${number(p.busy)} of ${number(p.workers)}`, full && p.queued ? "warn" : "");
	say(part(node, "queued"), number(p.queued));
	say(part(node, "rate"), rate(p.rate));
	say(part(node, "failing"), rate(p.fail_rate), p.fail_rate ? "bad" : "");
	for (const [name, t] of [["run", p.run], ["wait", p.wait]]) {
		say(part(node, `${name}50`), t ? span(t.p50) : "–");
		say(part(node, `${name}99`), t ? span(t.p99) : "–");
	}
	const beside = [
		["Inputs that run in batches", p.running > p.busy + p.retired && p.running],
		["Runs that wait for their own pool", p.yielded], ["Retired workers that finish a run", p.retired],
	].filter(([, n]) => n).map(([what, n]) => `${what}: ${number(n)}.`);
	say(part(node, "beside"), beside.join(" "));
	part(node, "beside").hidden = !beside.length;
	for (const c of counts) say(part(node, c), number(p[c]), p[c] && (c === "failed" || c === "panicked") ? "bad" : "");
	history[i] ??= { rate: [], queued: [], ended: null };
	const ended = p.succeeded + p.failed;
	draw(part(node, "chart-rate"), history[i].rate, history[i].ended === null ? 0 : Math.max(0, ended - history[i].ended));
	draw(part(node, "chart-queued"), history[i].queued, p.queued);
	history[i].ended = ended;
}

function draw(figure, values, value) {
	values.push(value);
	if (values.length > samples) values.shift();
	const most = Math.max(...values);
	let d = "";
	values.forEach((v, i) => {
		if (v > 0) d += `M${samples - values.length + i + 0.1} ${height}v${-Math.max(1.5, ((height - 1) * v) / most).toFixed(2)}h.8V${height}z`;
	});
	figure.querySelector(".bars").setAttribute("d", d);
	say(figure.querySelector(".peak"), `peak ${number(most)}`);
	figure.querySelector("desc").textContent = `${number(value)} now, ${number(most)} at most.`;
}

function failures(state) {
	const now = Date.parse(state.now);
	sync($("failures").tBodies[0], state.failures, () => el("tr", { role: "row" },
		...["When", "Pool", "Outcome", "Worker", "Attempt"].map((label) => el("td", { role: "cell", "data-label": label }, el("span"))),
		el("td", { role: "cell", "data-label": "Error" }, el("div", { class: "error" }))), (row, f) => {
		const cells = [...row.children].map((c) => c.firstElementChild);
		say(cells[0], ago((now - Date.parse(f.at)) / 1000));
		say(cells[1], f.pool || "–");
		cells[2].className = "badge";
		say(cells[2], f.outcome, f.outcome === "refused" ? "warn" : "bad");
		say(cells[3], f.worker ? number(f.worker) : "–");
		say(cells[4], f.attempt ? number(f.attempt) : "–");
		say(cells[5], f.text);
	});
	const more = state.unkept ? ` ${number(state.unkept)} others came too fast to be kept.` : "";
	say($("failures-note"), (state.failures.length ? "At most the last 20 of each pool." : "Nothing, of the pools that have the monitor as middleware.") + more);
}

function link(up) {
	$("link").dataset.up = up;
	const text = up ? "live" : "the connection is lost; trying again";
	if ($("link").textContent !== text) $("link").textContent = text;
}

function listen() {
	const source = new EventSource("live");
	source.onmessage = (e) => {
		const state = JSON.parse(e.data);
		link(true);
		sync($("pools"), state.pools, make, update);
		failures(state);
	};
	source.onerror = () => {
		link(false);
		if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000); // it was refused: it does not try again by itself
	};
}

listen();
