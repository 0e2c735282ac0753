// What is known of the lab, and the connection that it comes from.

// tables have rows by key, as the hub sends them.
export const tables = { hosts: new Map(), equipment: new Map(), queue: new Map(), runs: new Map(), users: new Map(), lab: new Map() };

export const contact = {
	state: "connecting", // ok, lost
	since: performance.now(), // of the last word of the hub
	time: 0, // of the lab, at that moment
	moved: performance.now(), // when that time last rose
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
	if (data.time > contact.time || data.time < contact.time - 5) contact.moved = contact.since;
	contact.time = data.time;
	contact.state = "ok";
	contact.known = true;
	changed();
}

// follow reads server-sent events until stop is called, and connects again where the
// browser gives up. Handlers get the data of an event.
export function follow(path, handlers, lost) {
	let source = null;
	let last = "";
	let wait = 500;
	let timer = 0;
	let stopped = false;
	const open = () => {
		source = new EventSource(path + (last ? "?after=" + encodeURIComponent(last) : ""));
		for (const [name, handle] of Object.entries(handlers)) {
			source.addEventListener(name, (event) => {
				wait = 500;
				if (event.lastEventId) last = event.lastEventId;
				handle(JSON.parse(event.data));
			});
		}
		source.onerror = () => {
			if (lost) lost();
			if (source.readyState !== EventSource.CLOSED || stopped) return;
			timer = setTimeout(open, wait);
			wait = Math.min(5000, wait * 2);
		};
	};
	open();
	return () => {
		stopped = true;
		clearTimeout(timer);
		source.close();
	};
}

const silence = 4000; // milliseconds without a word, which should come every second

let stop = null;

// connect follows the lab. A page that nobody sees lets go of its connection after a while:
// browsers allow few of them.
export function connect() {
	if (stop) return;
	contact.since = performance.now();
	stop = follow("/api/lab/events", {
		full: (data) => {
			for (const rows of Object.values(tables)) rows.clear();
			apply(data.rows);
			heard(data);
		},
		patch: (data) => { data.patches.forEach(apply); heard(data); },
		tick: heard,
	}, lose);
}

function lose() {
	if (contact.state === "lost" || performance.now() - contact.since < 1500) return;
	contact.state = "lost";
	changed();
}

setInterval(() => {
	if (stop && performance.now() - contact.since > silence) lose();
	changed();
}, 1000);

let hidden = 0;
document.addEventListener("visibilitychange", () => {
	clearTimeout(hidden);
	if (document.hidden) hidden = setTimeout(() => { if (stop) { stop(); stop = null; } }, 60000);
	else if (contact.known || contact.state !== "connecting") connect();
});

export async function get(path) {
	const answer = await fetch(path, { headers: { accept: "application/json" } });
	if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim()), { status: answer.status });
	return answer.json();
}

export async function post(path, body) {
	const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
	if (!answer.ok) throw new Error((await answer.text()).trim());
	return answer.status === 204 ? null : answer.json();
}
