// What is known of the lab, and the connection that it comes from.

// tables have rows by key, as the hub sends them.
export const tables = { hubs: new Map(), hosts: new Map(), equipment: new Map(), queue: new Map(), runs: new Map(), users: new Map(), lab: new Map() };

export const contact = {
	state: "connecting", // ok, lost
	since: performance.now(), // of the last word of the hub
	time: 0, // of the lab, at that moment
	moved: performance.now(), // when the hub got that time
	known: false, // there is something to show
};

let changed = () => {};
export const onChange = (f) => { changed = f; };

// now is the hub's time: the clock of the browser may be wrong.
export const now = () => (contact.time ? contact.time + (contact.state === "lost" ? 0 : (performance.now() - contact.since) / 1000) : Date.now() / 1000);

function apply(patch) {
	for (const [table, rows] of Object.entries(patch)) {
		const known = tables[table];
		if (!known) continue;
		for (const [key, fields] of Object.entries(rows)) {
			if (fields === null) {
				known.delete(key);
				continue;
			}
			const row = known.get(key) || { key };
			for (const [name, value] of Object.entries(fields)) {
				if (value === null) delete row[name];
				else row[name] = value;
			}
			known.set(key, row);
		}
	}
}

function heard(data) {
	contact.since = performance.now();
	contact.moved = contact.since - 1000 * data.age;
	contact.time = data.time;
	contact.state = "ok";
	contact.known = true;
	changed();
}

// Browsers allow few connections to a host, and keep those of pages that one has left. So
// streams pause when nobody sees them, and go on where they were.
const streams = new Set();
let paused = false;
let hidden = 0;

function pause(is) {
	if (paused === is) return;
	paused = is;
	contact.since = contact.moved = performance.now();
	for (const stream of streams) if (is) stream.close(); else stream.open();
}

addEventListener("pagehide", () => pause(true));
addEventListener("pageshow", () => pause(false));
document.addEventListener("visibilitychange", () => {
	clearTimeout(hidden);
	if (document.hidden) hidden = setTimeout(pause, 10000, true);
	else pause(false);
});

// follow reads server-sent events until stop is called, and connects again where the
// browser gives up. Handlers get the data of an event.
export function follow(path, handlers, lost) {
	let source = null;
	let last = "";
	let wait = 500;
	let timer = 0;
	const stream = {
		open() {
			stream.close();
			const mine = new EventSource(path + (last ? (path.includes("?") ? "&" : "?") + "after=" + encodeURIComponent(last) : ""));
			source = mine;
			for (const [name, handle] of Object.entries(handlers)) {
				mine.addEventListener(name, (event) => {
					if (source !== mine) return;
					wait = 500;
					if (event.lastEventId) last = event.lastEventId;
					handle(JSON.parse(event.data));
				});
			}
			mine.onerror = () => {
				if (source !== mine) return;
				if (lost) lost();
				if (mine.readyState !== EventSource.CLOSED) return;
				timer = setTimeout(stream.open, wait);
				wait = Math.min(5000, wait * 2);
			};
		},
		close() {
			clearTimeout(timer);
			if (source) source.close();
			source = null;
		},
	};
	streams.add(stream);
	if (!paused) stream.open();
	return () => { streams.delete(stream); stream.close(); };
}

const silence = 4000; // milliseconds without a word, which should come every second

let connected = false;

// connect follows the lab.
export function connect() {
	if (connected) return;
	connected = true;
	contact.since = performance.now();
	follow("/api/lab/events", {
		full: (data) => {
			for (const rows of Object.values(tables)) rows.clear();
			apply(data.rows);
			heard(data);
		},
		patch: (data) => { data.patches.forEach(apply); heard(data); },
		tick: heard,
	}, lose);
}

// lose notes that contact is lost: at once if the connection was refused, or after silence.
function lose() {
	if (paused || contact.state === "lost" || performance.now() - contact.since < 1500) return;
	contact.state = "lost";
	changed();
}

setInterval(() => {
	if (connected && performance.now() - contact.since > silence) lose();
	changed();
}, 1000);

export async function get(path) {
	const answer = await fetch(path, { headers: { accept: "application/json" } });
	if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim()), { status: answer.status });
	return answer.json();
}

export async function post(path, body) {
	const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
	if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim()), { status: answer.status });
	return answer.status === 204 ? null : answer.json();
}
