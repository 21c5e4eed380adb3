// The page: it listens to what happens, and shows it.

import { noteSince, setHours, setKinds, startCharts } from "./charts.js";
import { refresh as refreshDetail, startDetail } from "./detail.js";
import { $, say, show } from "./dom.js";
import { setTotals, startList } from "./list.js";
import { Denied, hasToken, listen, setToken } from "./net.js";
import { setOverview } from "./overview.js";
import { setClock } from "./words.js";

let started = false;

function start(state) {
	started = true;
	document.body.dataset.control = state.control;
	say($("mode"), state.control ? "control is allowed" : "read-only");
	show($("mode"), true);
	show($("token-form"), false);
	show($("main"), true);
	show($("forget"), hasToken());
	startCharts();
	startList();
	noteSince(state.since);
	startDetail();
}

function on(event, data) {
	switch (event) {
		case "clock":
			setClock(data);
			break;
		case "state":
			if (!started) start(data);
			document.body.dataset.control = data.control;
			setKinds(data.kinds.map((k) => k.kind), data.since);
			setOverview(data);
			setTotals(data);
			refreshDetail();
			break;
		case "hours":
			setHours(data);
			break;
	}
}

function link(up) {
	$("link").dataset.up = up;
	say($("link"), up ? "live" : "the connection is lost; trying again");
}

async function run() {
	try {
		await listen(on, link);
	} catch (err) {
		if (!(err instanceof Denied)) throw err;
		askToken();
	}
}

function askToken() {
	say($("link"), "");
	say($("token-fault"), hasToken() ? "The token is wrong." : "");
	setToken("");
	show($("main"), false);
	show($("forget"), false);
	show($("token-form"), true);
	$("token").focus();
}

$("token-form").addEventListener("submit", (e) => {
	e.preventDefault();
	setToken($("token").value.trim());
	$("token").value = "";
	say($("token-fault"), "");
	if (started) show($("token-form"), false), show($("main"), true);
	run();
});

$("forget").addEventListener("click", () => {
	setToken("");
	location.reload();
});

run();
