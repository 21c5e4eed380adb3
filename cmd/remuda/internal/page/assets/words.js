// How numbers and times are written.

const digits = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

let offset = 0; // of the server's clock from ours, in milliseconds

export function setClock(text) {
	offset = Date.parse(text) - Date.now();
}

export function now() {
	return Date.now() + offset;
}

export function number(n) {
	return digits.format(n);
}

// short is number for where there is little room.
export function short(n) {
	return n < 1e6 ? number(n) : compact.format(n);
}

export function count(n, one, many = one + "s") {
	return `${number(n)} ${n === 1 ? one : many}`;
}

// span writes seconds.
export function span(s) {
	if (!(s > 0)) return "0 s";
	if (s < 0.0995) return `${Math.round(s * 1000) || 1} ms`;
	if (s < 9.95) return `${s.toFixed(1)} s`;
	if (s < 120) return `${Math.round(s)} s`;
	if (s < 7200) return `${Math.round(s / 60)} min`;
	if (s < 172800) return `${Math.round(s / 3600)} h`;
	return `${Math.round(s / 86400)} d`;
}

// whole is span for what counts up or down.
const whole = (s) => (s < 120 ? `${Math.floor(s)} s` : span(s));

export function ago(time) {
	const s = (now() - Date.parse(time)) / 1000;
	if (s < -1) return `in ${whole(-s)}`;
	return s < 1 ? "just now" : `${whole(s)} ago`;
}

export function since(time) {
	return whole(Math.max(1, (now() - Date.parse(time)) / 1000));
}

// moment writes a time: with its day if that is not today.
export function moment(time) {
	const t = new Date(time);
	return (t.toDateString() === new Date(now()).toDateString() ? clock : day).format(t);
}

export function bytes(n) {
	if (n < 1000) return count(n, "byte");
	if (n < 1e6) return `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)} KB`;
	return `${(n / 1e6).toFixed(1)} MB`;
}
