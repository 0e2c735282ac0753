// The view of a run: its jobs, and what they say, live.
import { v, mark } from "./view.js";
import { tables, follow } from "./store.js";
import { look, to, writeAddress } from "./look.js";
import { table } from "./table.js";
import { ago, during, duration, number, plural, bytes, line, coloured } from "./text.js";
import { link, soft, joined, state, progress, sums, pieceLabel } from "./views.js";
import { facts, title } from "./detail.js";
import { actions } from "./act.js";
import { show } from "./terminal.js";

const mostOutput = 200000; // characters of an attempt that are kept here

let run = null; // the run that is followed
let redraw = () => {};
export const onNews = (f) => { redraw = f; };

const empty = (id) => ({ id, jobs: new Map(), attempts: new Map(), live: false, total: 0, notes: [], submitted: null, cancelled: null, over: null, stop: null });

// leave ends the connection of a run that is no longer shown.
export function leave(id) {
	if (run && run.id !== id) {
		run.stop();
		run = null;
	}
}

function enter(id) {
	leave(id);
	if (run) return;
	run = empty(id);
	run.stop = follow("/api/run/" + encodeURIComponent(id) + "/events", {
		reset: () => { const { stop } = run; run = { ...empty(id), stop }; },
		items: (items) => { for (const item of items) take(item); redraw(); },
		live: () => { run.live = true; redraw(); },
		start: () => {}, tick: () => {},
	});
}

function jobOf(index) {
	if (!run.jobs.has(index)) run.jobs.set(index, { key: String(index), index, name: "", state: "waiting", attempts: [], outcome: null });
	return run.jobs.get(index);
}

function attemptOf(index, token, host) {
	let attempt = run.attempts.get(token);
	if (!attempt) {
		const job = jobOf(index);
		attempt = { token, host, job: index, number: job.attempts.length + 1, started: 0, ended: 0, outcome: null, tests: [], running: "", text: [], size: 0, artifacts: [], screens: new Map() };
		job.attempts.push(attempt);
		run.attempts.set(token, attempt);
	}
	return attempt;
}

function take(item) {
	if (item.notes) item.notes.forEach(note);
	else if (item.output) output(item);
}

function note(n) {
	if (n.kind === "submitted") {
		run.submitted = n;
		run.total = n.jobs;
	} else if (n.kind === "cancelled") run.cancelled = n;
	else if (n.kind === "over") run.over = n;
	else if (n.kind === "started") {
		const job = jobOf(n.job);
		const attempt = attemptOf(n.job, n.token, n.host);
		Object.assign(attempt, { started: n.time, host: n.host, number: n.attempt || attempt.number, pieces: n.pieces });
		if (n.name) job.name = n.name;
		if (!job.outcome) job.state = "running";
	} else if (n.kind === "returned" || n.kind === "finished") {
		const job = jobOf(n.job);
		if (n.name) job.name = n.name;
		const outcome = n.outcome || {};
		if (n.token && n.token !== "0.0" && n.host) Object.assign(attemptOf(n.job, n.token, n.host), { ended: n.time, outcome, running: "" });
		if (n.kind === "finished") {
			job.outcome = outcome;
			job.state = outcome.passed ? "passed" : outcome.status === "stopped" ? "cancelled" : "failed";
		} else if (!job.outcome) job.state = "waiting";
	}
}

function output({ job: index, token, host, output: said }) {
	const job = jobOf(index);
	const attempt = attemptOf(index, token, host);
	if (said.log) say(attempt, said.log.endsWith("\n") ? said.log : said.log + "\n");
	for (const event of said.events || []) {
		if (event.file && !job.name) job.name = event.file;
		if (event.event === "test_started") attempt.running = (event.path || []).join(" ");
		if (event.event === "test_finished" || event.event === "block_failed") {
			attempt.running = "";
			const { output: printed, ...test } = event; // what was printed is kept once
			attempt.tests.push(test);
			if (printed) say(attempt, printed);
		}
	}
	if (said.screen) attempt.screens.set(said.screen.test + "\x00" + said.screen.name, said.screen);
	for (const artifact of said.artifacts || []) attempt.artifacts.push(artifact);
}

// say adds to the output of an attempt, and forgets the beginning if there is too much.
function say(attempt, text) {
	attempt.text.push(text);
	attempt.size += text.length;
	while (attempt.size > mostOutput && attempt.text.length > 1) {
		attempt.size -= attempt.text.shift().length;
		attempt.cut = true;
	}
}

const isBad = (test) => !test.quarantined && (test.event === "block_failed" || ["failed", "error", "xpassed"].includes(test.status));
const lastOf = (job) => job.attempts.at(-1);
const testName = (test) => (test.path || []).join(" ") || test.file || "";
const jobName = (job) => job.name || (tables.hosts.size && runningName(job)) || "job " + (job.index + 1);

function runningName(job) {
	const attempt = lastOf(job);
	const host = attempt && tables.hosts.get(attempt.host);
	const found = host && (host.jobs || []).find((one) => one.run === run.id && one.index === job.index);
	return found ? found.name : "";
}

const order = { failed: 0, running: 1, waiting: 2, cancelled: 3, passed: 4 };

function jobTable() {
	const jobs = [...run.jobs.values()].sort((a, b) => order[a.state] - order[b.state] || a.index - b.index);
	for (const job of jobs) job.key = String(job.index);
	return table({
		label: "Jobs", rows: jobs, className: "jobs", empty: run.live ? "No job has started yet." : "Loading…",
		href: (job) => to.run(run.id, job.index), kinds: (job) => job.state,
		text: (job) => [jobName(job), job.state, ...job.attempts.map((attempt) => attempt.host)].join(" ").toLowerCase(),
		columns: [
			{ id: "name", label: "Job", width: "minmax(140px, 2fr)", class: "first", value: jobName, cell: (job) => [mark(job.state), link(to.run(run.id, job.index), jobName(job), { class: "main", title: jobName(job), "aria-current": String(look.arg.job) === job.key ? "true" : null })] },
			{ id: "tests", label: "Tests", width: "96px", class: "middle", desc: true, value: (job) => (lastOf(job) ? lastOf(job).tests.length : 0), cell: (job) => testSums(lastOf(job)) },
			{ id: "host", label: "Host", width: "minmax(70px, 0.8fr)", class: "sub", value: (job) => (lastOf(job) ? lastOf(job).host : ""), cell: (job) => (lastOf(job) ? [lastOf(job).host, job.attempts.length > 1 ? v("span", { class: "badge", title: plural(job.attempts.length, "attempt") }, "×" + job.attempts.length) : null, v("span", { class: "only-narrow soft" }, lastOf(job).running)] : null) },
			{ id: "took", label: "Took", width: "76px", class: "side", desc: true, value: took, cell: (job) => (job.state === "running" ? during(lastOf(job).started) : took(job) ? duration(took(job)) : null) },
		],
	});
}

const took = (job) => { const attempt = lastOf(job); return attempt && attempt.ended && attempt.started ? attempt.ended - attempt.started : 0; };

function testSums(attempt) {
	if (!attempt || !attempt.tests.length) return null;
	const bad = attempt.tests.filter(isBad).length;
	return bad ? [v("b", { class: "is-failed" }, number(bad) + " failed"), soft(" of " + attempt.tests.length)] : soft(plural(attempt.tests.length, "test"));
}

function failures() {
	const list = [];
	for (const job of run.jobs.values()) {
		const attempt = lastOf(job);
		for (const test of attempt ? attempt.tests : []) if (isBad(test)) list.push({ job, test });
		if (job.outcome && !job.outcome.passed && job.outcome.message) list.push({ job, message: job.outcome.message, status: job.outcome.status });
	}
	return list;
}

const artifactLink = (artifact) => link("/api/artifact/" + artifact.object.split("/").map(encodeURIComponent).join("/") + "?" +
	new URLSearchParams({ name: artifact.path.split("/").pop() + (artifact.tar ? ".tar.gz" : ""), digest: artifact.digest || "" }), artifact.path.split("/").pop() + (artifact.tar ? ".tar.gz" : ""), { download: "" });

function overview() {
	const bad = failures();
	const most = 40;
	const files = [...run.attempts.values()].flatMap((attempt) => attempt.artifacts).filter((artifact) => artifact.kind);
	return [
		v("section", { key: "bad", class: "panel" }, v("h2", {}, "Failures", bad.length ? v("span", { class: "more" }, number(bad.length)) : null), bad.length
			? v("ul", { class: "lines" }, bad.slice(0, most).map(({ job, test, message, status }, i) => v("li", { key: job.key + ":" + i, class: "wait" }, mark(test ? "failed" : "lost"),
				v("span", { class: "grow" }, link(to.run(run.id, job.index), test ? testName(test) : jobName(job)), soft(" ", test ? test.file : status)),
				v("span", { class: "why mono" }, line(test ? ((test.problems || [])[0] || {}).message || "" : message)))))
			: v("p", { class: "empty" }, run.live ? "None so far. Choose a job to see its output." : "Loading…"),
		bad.length > most ? v("p", { class: "rest" }, "and " + number(bad.length - most) + " more") : null),
		files.length ? v("section", { key: "files", class: "panel" }, v("h2", {}, "Files of the run"), fileList(files)) : null,
	];
}

const fileList = (files) => v("ul", { class: "lines" }, files.map((artifact) => v("li", { key: artifact.object }, v("span", { class: "grow" }, artifactLink(artifact), artifact.kind ? soft(" ", artifact.kind) : null), v("span", { class: "when soft" }, bytes(artifact.size)))));

const outcomeWords = {
	done: (outcome) => (outcome.passed ? "passed" : "failed"), busy: () => "its equipment was taken by somebody else", broken: () => "could not start", died: () => "its process died",
	lost: () => "its host was lost", aside: () => "set aside after too many deaths", stopped: () => "cancelled", refused: () => "no host can meet its needs",
};
const outcomeText = (outcome) => (outcomeWords[outcome.status] || (() => outcome.status))(outcome);

function jobDetail(job) {
	const attempt = lastOf(job);
	return [
		v("div", { key: "head", class: "job-head" }, v("button", { type: "button", class: "back", onclick: () => { look.arg.job = null; writeAddress(); redraw(); } }, "Close"),
			v("h2", {}, mark(job.state), jobName(job)),
			v("p", { class: "soft" }, joined(job.state, attempt ? link(to.host(attempt.host), attempt.host) : null, attempt && attempt.running ? attempt.running : null, job.outcome && job.outcome.message ? job.outcome.message : null))),
		...job.attempts.slice().reverse().map((one) => attemptDetail(one, job.attempts.length > 1)),
		job.attempts.length ? null : v("p", { key: "none", class: "empty" }, "It has not started yet."),
	];
}

// terminals shows what commands of the running test show, and lets one look at earlier ones.
function terminals(attempt) {
	const list = [...attempt.screens.entries()];
	const live = attempt.ended ? null : list.at(-1);
	return list.map(([key, screen]) => {
		const path = `/api/run/${encodeURIComponent(run.id)}/screen?` + new URLSearchParams({ host: attempt.host, job: attempt.job, token: attempt.token, test: screen.test, name: screen.name });
		const isOpen = opened.has(path) ? opened.get(path) : live && live[0] === key;
		return v("details", { key: "screen" + key, open: isOpen, ontoggle: (event) => { if (event.currentTarget.open !== isOpen) { opened.set(path, event.currentTarget.open); redraw(); } } },
			v("summary", { title: screen.name }, "Terminal " + (/-(\d+)$/.exec(screen.name) || [0, ""])[1], soft(" ", screen.test)),
			isOpen ? v("pre", { key: path, class: "terminal", tabindex: 0, role: "img", "aria-label": "Terminal: " + screen.name, opaque: true, onmake: (element) => show(element, path) }) : null);
	});
}

const opened = new Map(); // terminals that the reader has opened or closed, by path

// parsed is the profile that a key is the text of.
const parsed = (key) => { try { return JSON.parse(key); } catch (e) { return { name: key }; } };

function attemptDetail(attempt, several) {
	const bad = attempt.tests.filter(isBad);
	const good = attempt.tests.filter((test) => !isBad(test));
	return v("section", { key: attempt.token, class: "attempt" },
		several ? v("h3", {}, "Attempt " + attempt.number, soft(" on ", attempt.host, attempt.outcome ? ", " + outcomeText(attempt.outcome) : "", " ", ago(attempt.ended || attempt.started))) : null,
		attempt.pieces && attempt.pieces.length ? v("p", { class: "soft" }, "with ", attempt.pieces.map((key, i) => [i ? ", " : "", link(to.piece(attempt.host + "/" + key), pieceLabel(parsed(key)))])) : null,
		bad.map((test, i) => v("div", { key: "bad" + i, class: "problem" },
			v("p", {}, mark("failed"), link(to.test(test.file, testName(test)), testName(test)), test.seconds ? soft(" ", duration(test.seconds)) : null),
			(test.problems || []).map((problem) => [
				v("pre", { class: "message" }, coloured(problem.message)),
				problem.stack && problem.stack.length ? v("p", { class: "soft mono" }, (problem.hook ? problem.hook + ", " : "") + problem.stack[0].file + ":" + problem.stack[0].line) : null]))),
		good.length ? v("details", { key: "good" }, v("summary", {}, plural(good.length, "other test")), v("ul", { class: "lines" }, good.slice(0, 500).map((test, i) => v("li", { key: i }, mark(test.status === "pending" ? "pending" : test.status), v("span", { class: "grow" }, link(to.test(test.file, testName(test)), testName(test))), v("span", { class: "when soft" }, test.seconds ? duration(test.seconds) : null))))) : null,
		attempt.artifacts.length ? v("div", { key: "files" }, v("h3", {}, "Files"), fileList(attempt.artifacts)) : null,
		terminals(attempt),
		attempt.text.length ? v("div", { key: "text" }, v("h3", {}, "Output", attempt.cut ? soft(" its beginning is left out") : null),
			v("pre", { class: "output", tabindex: 0, onmake: stick, "aria-label": "Output" }, attempt.text.map((text, i) => v("span", { key: i + (attempt.cut ? attempt.size : 0) }, coloured(text))))) : null);
}

// stick keeps the end of the output in view, unless the reader has scrolled up.
function stick(element) {
	let atEnd = true;
	element.addEventListener("scroll", () => { atEnd = element.scrollTop + element.clientHeight > element.scrollHeight - 8; });
	const keep = () => { if (atEnd) element.scrollTop = element.scrollHeight; };
	new MutationObserver(keep).observe(element, { childList: true, subtree: true, characterData: true });
	requestAnimationFrame(keep);
}

export function runView() {
	const id = look.arg.name;
	enter(id);
	const row = tables.runs.get(id);
	const submitted = row ? row.submitted : run.submitted && run.submitted.time;
	const shown = row || folded();
	const name = (row && row.title) || (run.submitted && run.submitted.title) || id;
	const left = run.live && !shown.ended ? (run.total || shown.jobs) - run.jobs.size : 0;
	const job = look.arg.job !== null && look.arg.job !== undefined ? run.jobs.get(Number(look.arg.job)) : null;
	if (!row && run.live && !run.jobs.size && !run.submitted) {
		return v("div", { class: "missing" }, v("h1", {}, "Nothing is kept of this run"), v("p", {}, "It is too old, or its name is wrong: ", v("code", {}, id)), v("p", {}, link("/runs", "All runs")));
	}
	return v("div", { key: "run" + id, class: "page run-page" },
		title([row && row.kind === "hold" ? "Hold" : "Run", name === id ? null : " " + id], null, name),
		shown.ended ? null : actions([{ label: "Cancel…", owner: row ? row.user : "", verb: "cancel", body: { run: id }, ask: "Cancel this run? Running tests are stopped, with their teardown.", reason: true }]),
		facts([
			["State", joined(state(shown.state), shown.ended ? ago(shown.ended) : null)],
			["User", (row && row.user) || (run.submitted && run.submitted.user)],
			["Jobs", joined(v("span", {}, sums(shown)), shown.running ? number(shown.running) + " running" : null)],
			["Submitted", submitted ? ago(submitted) : null],
			["Took", shown.ended && submitted ? duration(shown.ended - submitted) : null],
			["Lost attempts", row && row.deaths ? String(row.deaths) : null],
			["Cancelled", run.cancelled ? joined(run.cancelled.by, run.cancelled.reason) : null],
		]),
		progress(shown),
		v("div", { class: job ? "split chosen" : "split" }, v("div", { class: "list" }, jobTable(), left > 0 ? v("p", { class: "rest" }, plural(left, "job") + (left === 1 ? " has" : " have") + " not started yet") : null), v("div", { class: "detail" }, job ? v("div", { key: "job" + job.key }, jobDetail(job)) : v("div", { key: "over" }, overview()))));
}

// folded is a run that the lab no longer knows, from its notes.
function folded() {
	const jobs = [...run.jobs.values()];
	const done = jobs.filter((job) => job.outcome);
	const bad = done.filter((job) => !job.outcome.passed).length;
	return {
		state: run.cancelled ? "cancelled" : run.over ? (bad ? "failed" : "passed") : jobs.length ? "running" : "waiting",
		ended: run.over ? run.over.time : 0, jobs: run.total || jobs.length, done: done.length, bad, running: jobs.filter((job) => job.state === "running").length,
	};
}
