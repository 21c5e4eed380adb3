// Requests, and the stream of what happens.

const kept = "remuda-token";
let token = sessionStorage.getItem(kept) || "";

export function hasToken() {
	return token !== "";
}

export function setToken(value) {
	token = value;
	if (value) sessionStorage.setItem(kept, value);
	else sessionStorage.removeItem(kept);
}

// Denied says that the token is missing or wrong.
export class Denied extends Error {}

async function ask(method, path, signal) {
	const headers = token ? { Authorization: `Bearer ${token}` } : {};
	const answer = await fetch(path, { method, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" });
	if (answer.ok) return answer;
	let text = `${answer.status} ${answer.statusText}`;
	try {
		text = (await answer.json()).error || text;
	} catch {
		// it is not from remuda
	}
	throw answer.status === 401 ? new Denied(text) : new Error(text);
}

export async function read(path, query = {}) {
	return (await ask("GET", `page/${path}?${new URLSearchParams(query)}`)).json();
}

export async function change(method, path) {
	await ask(method, `v1/${path}`);
}

export const task = (id) => `tasks/${encodeURIComponent(id)}`;
export const kind = (name) => `kinds/${encodeURIComponent(name)}`;

const silence = 40_000; // a comment comes each 15 seconds
const longestPause = 10_000;

// listen calls on for each event until the token is refused, and begins again when the
// connection is lost. link hears of that.
export async function listen(on, link) {
	for (let pause = 500; ; pause = Math.min(2 * pause, longestPause)) {
		const abort = new AbortController();
		let timer;
		const alive = () => {
			clearTimeout(timer);
			timer = setTimeout(() => abort.abort(), silence);
		};
		try {
			alive();
			const answer = await ask("GET", "page/live", abort.signal);
			for await (const [event, data] of events(answer.body, alive)) {
				pause = 500;
				link(true);
				on(event, JSON.parse(data));
			}
		} catch (err) {
			if (err instanceof Denied) throw err;
		} finally {
			clearTimeout(timer);
			abort.abort();
		}
		link(false);
		await new Promise((done) => setTimeout(done, pause));
	}
}

// events yields the name and the data of each event of a stream.
async function* events(body, alive) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		alive();
		const blocks = (rest + value).split("\n\n");
		rest = blocks.pop();
		for (const block of blocks) {
			const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
			if (fields.event && fields.data) yield [fields.event, fields.data];
		}
	}
}
