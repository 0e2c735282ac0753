// The tables of the lab.
import { v, mark } from "./view.js";
import { tables } from "./store.js";
import { to } from "./look.js";
import { table } from "./table.js";
import { ago, during, until, freeIn, bytes, compare, number, plural, pieceName, needsText, duration } from "./text.js";

export const hostsOf = () => [...tables.hosts.values()].sort((a, b) => compare(a.name, b.name));
// hubsOf are the hubs of a cluster. One that is alone is in no list.
export const hubsOf = () => [...tables.hubs.values()].sort((a, b) => compare(a.name, b.name));
// hubName leaves out the usual port.
export const hubName = (hub) => hub.name.replace(/:4222$/, "");
export const link = (href, text, props) => v("a", { href, ...props }, text);
export const soft = (...text) => v("span", { class: "soft" }, text);
const dot = () => v("i", { class: "dot" }, "·");
export const joined = (...parts) => parts.filter(Boolean).map((part, i) => [i ? dot() : null, part]);

// state is the sign and the name of a state.
export const state = (name, text) => v("span", { class: "state is-" + name }, mark(name), v("span", {}, text || name));

// bar shows parts of a whole, as [class, amount] pairs.
export function bar(parts, whole, label) {
	return v("span", { class: "bar", role: "img", "aria-label": label, title: label }, parts.map(([kind, n]) =>
		v("i", { key: kind, class: "fill-" + kind, style: { width: (whole ? Math.min(100, 100 * n / whole) : 0).toFixed(2) + "%" } })));
}

export const isAway = (host) => host.state === "lost" || host.state === "silent";
// reasonOf is why a host is in its state, if that says more than the state and its time.
export const reasonOf = (host) => (host.state === "up" || /^silent for /.test(host.reason || "") ? null : host.reason);
export const loadBar = (host) => bar([["used", host.used || 0]], host.cores, `${host.used || 0} of ${host.cores} cores are used by jobs`);

export const jobsText = (jobs) => (jobs && jobs.length ? [link(to.run(jobs[0].run, jobs[0].index), jobs[0].name, { title: jobs[0].test || jobs[0].name }), jobs.length > 1 ? soft(" and " + (jobs.length - 1) + " more") : null] : null);

const cached = new WeakMap();
// lower is the text of a row in which words are looked for.
const lower = (make) => (row) => {
	const text = make(row);
	const had = cached.get(row);
	if (had && had.text === text) return had.lower;
	const made = { text, lower: text.toLowerCase() };
	cached.set(row, made);
	return made.lower;
};

// tagsText leaves out the name of the host, which is a tag, too.
export const tagsText = (host) => (host.tags || []).filter((tag) => tag !== "host=" + host.name).join(" ");

export function hosts() {
	const held = new Map();
	for (const piece of tables.equipment.values()) {
		const sums = held.get(piece.host) || { all: 0, held: 0 };
		sums.all++;
		if (piece.state !== "free") sums.held++;
		held.set(piece.host, sums);
	}
	const pieces = (host) => held.get(host.name) || { all: 0, held: 0 };
	return table({
		label: "Hosts", rows: hostsOf(), href: (host) => to.host(host.name), className: "hosts",
		empty: "No host has joined yet. “avescript lab invite” prints the line that lets one join.",
		kinds: (host) => host.state,
		text: lower((host) => [host.name, host.state, host.reason, host.broker ? "broker: " + host.broker : "", host.version, host.account, ...(host.tags || []), ...(host.jobs || []).flatMap((job) => [job.name, job.user])].join(" ")),
		columns: [
			{ id: "name", label: "Host", width: "minmax(110px, 1.1fr)", class: "first", value: (host) => host.name, cell: (host) => [mark(host.state), link(to.host(host.name), host.name, { class: "main" })] },
			{ id: "state", label: "State", width: "minmax(118px, 0.8fr)", value: (host) => host.state, class: "wide", cell: (host) => (host.state === "up" ? soft("up ", during(host.since)) : v("span", { class: "is-" + host.state, title: host.reason }, host.state, " ", during(host.since))) },
			{ id: "used", label: "Cores", width: "minmax(120px, 1fr)", desc: true, class: "side", value: (host) => (isAway(host) ? -1 : (host.used || 0) / (host.cores || 1)), cell: (host) => (isAway(host) ? v("span", { class: "not-wide is-" + host.state }, host.state) : [loadBar(host), v("span", { class: "sum" }, `${host.used || 0}/${host.cores}`)]) },
			{ id: "load", label: "Load", width: "56px", desc: true, class: "wide right", value: (host) => (isAway(host) ? -1 : host.load), cell: (host) => (isAway(host) ? null : host.load.toFixed(1)) },
			{ id: "free", label: "Free memory", width: "100px", class: "wide right", value: (host) => host.free, cell: (host) => (isAway(host) ? null : v("span", { title: "of " + bytes(host.memory) }, bytes(host.free))) },
			{ id: "pieces", label: "Equipment", width: "92px", class: "middle right", desc: true, value: (host) => pieces(host).all, cell: (host) => (pieces(host).all ? [pieces(host).held ? pieces(host).held + " of " : null, String(pieces(host).all), pieces(host).held ? " used" : null] : null) },
			{ id: "jobs", label: "Running", width: "minmax(160px, 2.4fr)", class: "sub", desc: true, value: (host) => (host.jobs || []).length, cell: (host) => joined(
				host.broker ? v("span", { class: "is-warning", title: host.broker }, "broker: " + host.broker) : null, reasonOf(host) ? soft(reasonOf(host)) : null, jobsText(host.jobs),
				host.broker || reasonOf(host) || jobsText(host.jobs) ? null : v("span", { class: "only-narrow" }, isAway(host) ? during(host.since) : "idle")) },
			{ id: "tags", label: "Tags", width: "minmax(80px, 1fr)", class: "wide soft", cell: (host) => v("span", { title: (host.tags || []).join("\n") }, tagsText(host)) },
		],
	});
}

export const pieceLabel = (profile) => { const { main, more } = pieceName(profile); return [main, more ? soft(" " + more) : null]; };
const pieceText = (piece) => { const { main, more } = pieceName(piece.profile); return main + " " + more; };

// whyOf is what a piece is used for, or why it is not.
export function whyOf(piece) {
	if (piece.run) {
		const run = tables.runs.get(piece.run);
		return [link(to.run(piece.run), piece.job || (run && run.title) || piece.run), piece.job && run && run.title ? soft(" of " + run.title) : null];
	}
	return piece.reason || null;
}
export const whoOf = (piece) => piece.user || piece.holder || null;

const pieceColumns = (withHost) => [
	{ id: "piece", label: "Equipment", width: "minmax(150px, 2.2fr)", class: "first", value: pieceText, cell: (piece) => [mark(piece.state), v("a", { class: "main", href: to.piece(piece.key), title: pieceText(piece) }, pieceLabel(piece.profile))] },
	...(withHost ? [{ id: "host", label: "Host", width: "minmax(80px, 0.7fr)", class: "middle", value: (piece) => piece.host, cell: (piece) => link(to.host(piece.host), piece.host) }] : []),
	{ id: "state", label: "State", width: "72px", class: "side", value: (piece) => piece.state, cell: (piece) => [v("span", { class: "not-narrow is-" + piece.state }, piece.state), v("span", { class: "only-narrow is-" + piece.state }, (piece.state !== "free" && freeIn(piece.until)) || piece.state)] },
	{ id: "who", label: "Who", width: "minmax(80px, 0.8fr)", class: "middle", value: (piece) => whoOf(piece) || "", cell: (piece) => (piece.state === "free" ? null : whoOf(piece)) },
	{ id: "since", label: "For", width: "64px", class: "wide", value: (piece) => piece.since, cell: (piece) => (piece.state === "free" ? null : during(piece.since)) },
	{ id: "until", label: "Free again", width: "118px", class: "middle", value: (piece) => piece.until, cell: (piece) => (piece.state === "free" ? null : until(piece.until)) },
	{ id: "why", label: "Why", width: "minmax(140px, 2.2fr)", class: "wide", cell: (piece) => (piece.state === "free" ? null : whyOf(piece)) },
	{ id: "phone", label: "", width: "0", class: "sub only-narrow", cell: (piece) => joined(withHost ? piece.host : null, piece.state === "free" ? null : whoOf(piece), piece.state === "free" ? null : during(piece.since), piece.state === "free" ? null : whyOf(piece)) },
];

export const piecesOf = (host) => [...tables.equipment.values()].filter((piece) => !host || piece.host === host)
	.sort((a, b) => compare(pieceText(a), pieceText(b)) || compare(a.host, b.host));

export function equipment(host) {
	return table({
		label: "Equipment", rows: piecesOf(host), href: (piece) => to.piece(piece.key), className: "equipment" + (host ? "" : " with-host"),
		empty: "The brokers of the hosts have no equipment.",
		kinds: (piece) => piece.state,
		text: lower((piece) => [pieceText(piece), piece.host, piece.state, piece.user, piece.holder, piece.job, piece.reason, piece.run].join(" ")),
		columns: pieceColumns(!host),
	});
}

export const queueOf = () => [...tables.queue.values()].sort((a, b) => a.place - b.place);
const runTitle = (id) => { const run = tables.runs.get(id); return (run && run.title) || id; };

export function queue() {
	return table({
		label: "Queue", rows: queueOf(), href: (wait) => to.run(wait.run), className: "queue",
		empty: "Nothing waits.",
		text: lower((wait) => [wait.first, wait.user, wait.run, runTitle(wait.run), wait.why, needsText(wait.needs)].join(" ")),
		columns: [
			{ id: "place", label: "#", width: "36px", class: "wide soft right", value: (wait) => wait.place, cell: (wait) => String(wait.place) },
			{ id: "first", label: "Jobs", width: "minmax(140px, 1.8fr)", class: "first", desc: true, value: (wait) => wait.jobs, cell: (wait) => [link(to.run(wait.run), wait.first, { class: "main", title: wait.first }), wait.jobs > 1 ? soft("and " + number(wait.jobs - 1) + " more") : null] },
			{ id: "user", label: "User", width: "minmax(70px, 0.5fr)", class: "middle", value: (wait) => wait.user, cell: (wait) => wait.user },
			{ id: "run", label: "Run", width: "minmax(100px, 0.8fr)", class: "wide", value: (wait) => runTitle(wait.run), cell: (wait) => v("span", { title: wait.run }, runTitle(wait.run)) },
			{ id: "needs", label: "Needs", width: "minmax(100px, 1fr)", class: "wide", value: (wait) => needsText(wait.needs), cell: (wait) => v("span", { title: needsText(wait.needs) }, needsText(wait.needs)) },
			{ id: "since", label: "Waits", width: "76px", class: "side", value: (wait) => wait.since, cell: (wait) => during(wait.since) },
			{ id: "why", label: "Why", width: "minmax(160px, 2.2fr)", class: "sub", cell: (wait) => v("span", { title: wait.why }, wait.why) },
		],
	});
}

export const isOver = (run) => Boolean(run.ended);
export const runsOf = () => [...tables.runs.values()].sort((a, b) => isOver(a) - isOver(b) || (b.submitted - a.submitted) || compare(b.run, a.run));

// progress is how far a run is.
export function progress(run) {
	const good = run.done - run.bad;
	return bar([["passed", good], ["failed", run.bad], ["running", run.running]], run.jobs,
		`${run.done} of ${plural(run.jobs, "job")} done, ${run.bad} failed, ${run.running} running`);
}

export const sums = (run) => [
	run.bad ? v("b", { class: "is-failed" }, number(run.bad) + " failed") : null,
	run.bad ? soft(isOver(run) ? " of " : " · ") : null,
	isOver(run) && run.bad ? number(run.jobs) : isOver(run) && run.done === run.jobs ? number(run.jobs) + " passed" : `${number(run.done)} of ${number(run.jobs)}`,
];

const took = (run) => (run.ended ? duration(run.ended - run.submitted) : null);

export function runs() {
	return table({
		label: "Runs", rows: runsOf(), href: (run) => to.run(run.run), className: "runs",
		empty: "No run was submitted yet. “avescript test --fleet tests/” submits one.",
		kinds: (run) => run.state,
		text: lower((run) => [run.run, run.title, run.user, run.state, run.kind].join(" ")),
		columns: [
			{ id: "title", label: "Run", width: "minmax(150px, 1.6fr)", class: "first", value: (run) => run.title || run.run, cell: (run) => [mark(run.state), link(to.run(run.run), run.title || run.run, { class: "main", title: run.run }), run.kind === "hold" ? v("span", { class: "badge" }, "hold") : null, run.priority ? v("span", { class: "badge", title: "priority" }, (run.priority > 0 ? "+" : "") + run.priority) : null] },
			{ id: "user", label: "User", width: "minmax(70px, 0.6fr)", class: "middle", value: (run) => run.user, cell: (run) => run.user },
			{ id: "state", label: "State", width: "88px", class: "side", value: (run) => run.state, cell: (run) => v("span", { class: "is-" + run.state }, run.state) },
			{ id: "progress", label: "Progress", width: "minmax(120px, 1.2fr)", class: "middle", desc: true, value: (run) => run.done / (run.jobs || 1), cell: (run) => progress(run) },
			{ id: "jobs", label: "Jobs", width: "minmax(120px, 0.9fr)", class: "wide", desc: true, value: (run) => run.jobs, cell: (run) => sums(run) },
			{ id: "deaths", label: "Lost", width: "56px", class: "wide right", desc: true, value: (run) => run.deaths || 0, cell: (run) => (run.deaths ? v("span", { class: "is-warning", title: plural(run.deaths, "attempt") + " ended because a host or a process died" }, run.deaths) : null) },
			{ id: "submitted", label: "Submitted", width: "96px", class: "wide", desc: true, value: (run) => run.submitted, cell: (run) => ago(run.submitted) },
			{ id: "took", label: "Took", width: "96px", class: "wide", desc: true, value: (run) => (run.ended ? run.ended - run.submitted : null), cell: (run) => took(run) || during(run.submitted) },
			{ id: "phone", label: "", width: "0", class: "sub only-narrow", cell: (run) => joined(run.user, v("span", {}, sums(run)), ago(run.submitted)) },
		],
	});
}

