// Values as people read them, and output as terminals show it.
import { v } from "./view.js";
import { now, tables } from "./store.js";

export const number = (n) => n.toLocaleString("en");
export const plural = (n, noun) => number(n) + " " + noun + (n === 1 ? "" : "s");

// duration is a time in the two largest units that matter.
export function duration(seconds) {
	if (!(seconds >= 0)) return "";
	if (seconds < 0.9995) return seconds < 0.0005 ? "0 ms" : Math.round(seconds * 1000) + " ms";
	if (seconds < 10) return seconds.toFixed(1) + " s";
	if (seconds < 60) return Math.floor(seconds) + " s";
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return minutes + " min" + (minutes < 10 ? " " + String(Math.floor(seconds % 60)).padStart(2, "0") + " s" : "");
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return hours + " h " + String(minutes % 60).padStart(2, "0") + " min";
	return Math.floor(hours / 24) + " days";
}

// coarse is a duration in one unit.
export function coarse(seconds) {
	if (seconds < 60) return Math.max(0, Math.floor(seconds)) + " s";
	if (seconds < 3600) return Math.floor(seconds / 60) + " min";
	if (seconds < 48 * 3600) return Math.floor(seconds / 3600) + " h";
	return Math.floor(seconds / 86400) + " days";
}

export const exact = (time) => new Date(time * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
export const clock = (time) => new Date(time * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const stamp = (time, text) => v("time", { datetime: new Date(time * 1000).toISOString(), title: exact(time) }, text);

// ago is how long ago something was; the exact time is in its title.
export const ago = (time) => (time ? stamp(time, now() - time < 1.5 ? "now" : coarse(now() - time) + " ago") : null);
// during is how long something has lasted.
export const during = (time) => (time ? stamp(time, coarse(now() - time)) : null);
// until is when something ends, which is never known exactly.
export const until = (time) => (time ? stamp(time, time - now() < 1 ? "any moment" : "in about " + coarse(time - now())) : null);
// freeIn is the same for little space.
export const freeIn = (time) => (time ? stamp(time, time - now() < 1 ? "free soon" : "free in " + coarse(time - now())) : null);

export function bytes(n) {
	if (!n) return "";
	const units = ["B", "KB", "MB", "GB", "TB"];
	let i = 0;
	while (n >= 1000 && i < units.length - 1) { n /= 1024; i++; }
	return (n < 10 && i > 1 ? n.toFixed(1) : Math.round(n)) + " " + units[i];
}

// names are compared as people count: lab-2 before lab-10.
export const compare = new Intl.Collator("en", { numeric: true }).compare;

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// pieceName is what a piece of equipment is called: its type, its name, and the rest.
export function pieceName(profile) {
	if (!profile) return nameOf({});
	if (!pieceNames.has(profile)) pieceNames.set(profile, nameOf(profile));
	return pieceNames.get(profile);
}

const pieceNames = new WeakMap();

function nameOf(profile) {
	const { type, name, ...rest } = profile;
	// Lists and objects are last: they are long, and say the least.
	const more = Object.entries(rest).sort(([a, x], [b, y]) => (typeof x === "object") - (typeof y === "object") || compare(a, b)).map(([key, value]) => key + "=" + plain(value)).join(" ");
	const main = [type, name].filter((part) => part !== undefined).map(plain).join(" ");
	return main ? { main, more } : { main: more || "(no properties)", more: "" };
}

// isCommon reports whether all hosts have a tag, so that it says nothing.
const isCommon = (tag) => tables.hosts.size > 0 && [...tables.hosts.values()].every((host) => (host.tags || []).includes(tag));

// line is a text of several lines as one.
export const line = (text) => text.split("\n").map((part) => part.trim()).filter(Boolean).join(" ");

// needsText says what jobs need.
export function needsText(needs) {
	const counts = new Map();
	for (const want of (needs || {}).equipment || []) {
		const { main, more } = pieceName(want.profile);
		const text = main + (more ? " " + more : "");
		counts.set(text, (counts.get(text) || 0) + 1);
	}
	const parts = [...counts].map(([text, n]) => (n > 1 ? n + " × " : "") + text);
	parts.push(...((needs || {}).tags || []).filter((tag) => !isCommon(tag)));
	if ((needs || {}).cores > 1) parts.push(plural(needs.cores, "core"));
	if ((needs || {}).memory) parts.push(bytes(needs.memory));
	if ((needs || {}).exclusive) parts.push("a host for itself");
	return parts.join(", ");
}

// visible writes characters that would do something as what they are.
export const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => {
	const code = c.charCodeAt(0);
	return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16);
});

const named = ["#5c6773", "#d64541", "#2f9e62", "#b07d12", "#3f7fe0", "#a653c9", "#1796b0", "#8f98a3",
	"#7a8490", "#f0605b", "#3dba78", "#cf9a1f", "#6a9ff5", "#c27be0", "#2fb4cf", "#aeb6c0"];

// palette is the 256 colours of terminals: 16 named ones, a cube of six steps, and greys.
export function palette(index) {
	if (index < 16) return named[index];
	if (index >= 232) return `rgb(${Array(3).fill(8 + 10 * (index - 232)).join(" ")})`;
	const step = (n) => (n ? 55 + 40 * n : 0);
	return `rgb(${step(Math.floor((index - 16) / 36))} ${step(Math.floor((index - 16) / 6) % 6)} ${step((index - 16) % 6)})`;
}

// sgr changes a style by the numbers of a sequence that selects how characters look.
function sgr(style, numbers) {
	for (let i = 0; i < numbers.length; i++) {
		const n = numbers[i];
		if (n === 0) style = {};
		else if (n === 1) style = { ...style, "font-weight": "700" };
		else if (n === 2) style = { ...style, opacity: "0.65" };
		else if (n === 3) style = { ...style, "font-style": "italic" };
		else if (n === 4) style = { ...style, "text-decoration": "underline" };
		else if (n === 22) style = without(style, "font-weight", "opacity");
		else if (n === 23) style = without(style, "font-style");
		else if (n === 24) style = without(style, "text-decoration");
		else if (n === 39) style = without(style, "color");
		else if (n === 49) style = without(style, "background-color");
		else if (n >= 30 && n <= 37) style = { ...style, color: palette(n - 30) };
		else if (n >= 90 && n <= 97) style = { ...style, color: palette(n - 82) };
		else if (n >= 40 && n <= 47) style = { ...style, "background-color": palette(n - 40) };
		else if (n >= 100 && n <= 107) style = { ...style, "background-color": palette(n - 92) };
		else if ((n === 38 || n === 48) && numbers[i + 1] === 5) {
			style = { ...style, [n === 38 ? "color" : "background-color"]: palette(Math.min(255, numbers[i + 2] || 0)) };
			i += 2;
		} else if ((n === 38 || n === 48) && numbers[i + 1] === 2) {
			const rgb = numbers.slice(i + 2, i + 5).map((part) => Math.min(255, part || 0));
			style = { ...style, [n === 38 ? "color" : "background-color"]: `rgb(${rgb.join(" ")})` };
			i += 4;
		}
	}
	return style;
}

function without(style, ...names) {
	const rest = { ...style };
	for (const name of names) delete rest[name];
	return rest;
}

// coloured is output with its colours. All other sequences are left out: there is no screen
// for them.
export function coloured(text) {
	const pieces = [];
	let style = {};
	let from = 0;
	const put = (part) => {
		if (!part) return;
		part = visible(part.replace(/\r\n/g, "\n"));
		pieces.push(Object.keys(style).length ? v("span", { style }, part) : part);
	};
	for (const match of text.matchAll(/\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g)) {
		put(text.slice(from, match.index));
		from = match.index + match[0].length;
		if (match[2] === "m") style = sgr(style, (match[1] || "0").split(/[;:]/).map(Number));
	}
	put(text.slice(from));
	return pieces;
}
