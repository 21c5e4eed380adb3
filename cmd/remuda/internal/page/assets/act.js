// What changes things, and what is said of it.

import { $, say } from "./dom.js";
import { change } from "./net.js";

// tell says what has happened, or what has not.
export function tell(text, fault = false) {
	const inside = $("detail").open; // what is outside of it can't be seen or heard
	const [said, failed] = inside ? ["detail-said", "detail-fault"] : ["said", "fault"];
	say($(said), fault ? "" : text);
	say($(failed), fault ? text : "");
	clearTimeout(tell.timer);
	if (!fault) tell.timer = setTimeout(() => say($(said), ""), 8000);
}

const after = [];

// afterAct has f called when something was changed.
export function afterAct(f) {
	after.push(f);
}

// act changes something, and reports whether it was changed.
export async function act(button, method, path, done) {
	if (button.getAttribute("aria-disabled") === "true") return false;
	button.setAttribute("aria-disabled", "true"); // which keeps the focus
	try {
		await change(method, path);
		tell(done);
		return true;
	} catch (err) {
		tell(err.message, true);
		return false;
	} finally {
		button.removeAttribute("aria-disabled");
		for (const f of after) f();
	}
}
