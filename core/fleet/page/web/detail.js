// The views of one host, one piece of equipment and one test, and the list of tests.
import { v, mark } from "./view.js";
import { tables, get } from "./store.js";
import { look, to } from "./look.js";
import { table, finder } from "./table.js";
import { ago, during, until, duration, bytes, number, plural, pieceName } from "./text.js";
import { link, soft, joined, state, loadBar, isAway, reasonOf, tagsText, equipment, pieceLabel, whoOf, whyOf } from "./views.js";
import { actions } from "./act.js";

// facts is a list of names and values.
export const facts = (list) => v("dl", { class: "facts" }, list.filter(([, value]) => value).map(([name, value]) =>
	v("div", { key: name }, v("dt", {}, name), v("dd", {}, value))));

export const title = (kind, sign, name, ...more) => v("div", { class: "title" }, v("p", { class: "kicker" }, sign ? mark(sign) : null, kind), v("h1", {}, name, more));

export const missing = (text, href, back) => v("div", { class: "missing" }, v("h1", {}, text), v("p", {}, link(href, back)));

export function host() {
	const one = tables.hosts.get(look.arg.name);
	if (!one) return missing(`There is no host “${look.arg.name}”`, "/hosts", "All hosts");
	const jobs = one.jobs || [];
	return v("div", { key: "host" + one.name, class: "page" },
		title("Host", null, one.name),
		actions([one.state === "draining"
			? { label: "Use again", admin: true, verb: "drain", body: { host: one.name, off: true } }
			: { label: "Drain…", admin: true, verb: "drain", body: { host: one.name }, ask: `Give ${one.name} no more jobs? Those that run go on.`, reason: true }]),
		facts([
			["State", joined([state(one.state), " ", during(one.since)], reasonOf(one))],
			["Cores", isAway(one) ? String(one.cores) : [loadBar(one), " ", `${one.used || 0} of ${one.cores} used`]],
			["Load", isAway(one) ? null : one.load.toFixed(1)],
			["Memory", isAway(one) ? bytes(one.memory) : `${bytes(one.free)} of ${bytes(one.memory)} free`],
			["Broker", one.broker ? v("span", { class: "is-warning" }, one.broker) : null],
			["Version", one.version], ["Jobs run as", one.account], ["Tags", tagsText(one)],
		]),
		v("section", { class: "panel" }, v("h2", {}, "Running", v("span", { class: "more" }, number(jobs.length))), jobs.length
			? v("ul", { class: "lines" }, jobs.map((job) => v("li", { key: job.token, class: "piece" }, mark("running"),
				v("span", { class: "grow" }, link(to.run(job.run, job.index), job.name), soft(" ", job.user), job.attempt > 1 ? v("span", { class: "badge" }, "attempt " + job.attempt) : null),
				v("span", { class: "when soft" }, joined(during(job.since), job.until ? ["ends ", until(job.until)] : null)),
				job.test ? v("span", { class: "why" }, job.test) : null)))
			: v("p", { class: "empty" }, "Nothing.")),
		equipment(one.name));
}

// loaded is what was fetched for a view. It is fetched again when the key changes.
const loaded = { key: "", value: null, error: "" };
let redraw = () => {};
export const onLoad = (f) => { redraw = f; };

export function fetched(path, key) {
	if (loaded.key !== path + key) {
		const mine = path + key;
		const same = loaded.path === path; // then the old is shown until the new is there
		Object.assign(loaded, { key: mine, path, value: same ? loaded.value : null, error: "" });
		get(path).then((value) => { if (loaded.key === mine) { loaded.value = value; redraw(); } },
			(error) => { if (loaded.key === mine) { loaded.error = error.message; redraw(); } });
	}
	return loaded;
}

const loadingText = (of) => v("p", { class: "empty" }, of.error || "Loading…");

export function piece() {
	const key = look.arg.name;
	const one = tables.equipment.get(key);
	const past = fetched("/api/piece?" + new URLSearchParams({ key }), one ? one.state + one.since + one.run : "");
	const at = key.indexOf("/");
	const name = one ? pieceName(one.profile) : { main: key.slice(at + 1), more: "" };
	const inUse = one && one.state !== "free";
	const list = past.value || [];
	return v("div", { key: "piece" + key, class: "page" },
		title("Equipment", one ? null : "away", name.main, name.more ? soft(" ", name.more) : null),
		one ? actions([one.state === "aside"
			? { label: "Use again", admin: true, verb: "aside", body: { host: one.host, piece: key.slice(at + 1), off: true } }
			: { label: "Set aside…", admin: true, verb: "aside", body: { host: one.host, piece: key.slice(at + 1) }, ask: `Give ${name.main} to nobody?`, reason: true }]) : null,
		one ? facts([
			["State", joined([state(one.state), " ", during(one.since)], inUse && one.until ? ["free ", until(one.until)] : null)],
			["Who", inUse ? whoOf(one) : null], ["Why", inUse ? whyOf(one) : null],
			["Host", link(to.host(one.host), one.host)], ["Stack", one.stack],
		]) : v("p", { class: "soft" }, "No host has it now."),
		v("section", { class: "panel" }, v("h2", {}, "Who had it", list.length ? v("span", { class: "more" }, number(list.length)) : null),
			list.length ? v("table", { class: "past" },
				v("thead", {}, v("tr", {}, ["State", "Who", "Why", "Began", "Lasted"].map((label) => v("th", { scope: "col" }, label)))),
				v("tbody", {}, list.map((holding) => v("tr", { key: holding.since + holding.state + holding.user },
					v("td", {}, state(holding.state)), v("td", {}, holding.user),
					v("td", { class: "grow" }, holding.run ? link(to.run(holding.run), holding.job || holding.run) : null, holding.reason ? soft(holding.run ? " " : "", holding.reason) : null),
					v("td", {}, ago(holding.since)), v("td", {}, holding.until ? duration(holding.until - holding.since) : [during(holding.since), " so far"])))))
				: past.value ? v("p", { class: "empty" }, "Nobody, as far as is known.") : loadingText(past)));
}

const verdictWords = { p: "passed", f: "failed", e: "error", s: "skipped", x: "failed as expected", k: "passed at a later attempt" };
const verdictMarks = { p: "passed", f: "failed", e: "error", s: "pending", x: "xfailed", k: "flaky" };

// strip is a small box for each verdict, oldest first.
export const strip = (past) => v("span", { class: "strip", role: "img", "aria-label": [...past].map((letter) => verdictWords[letter]).join(", ") },
	[...past].slice(-30).map((letter) => v("i", { class: "verdict-" + letter, title: verdictWords[letter] })));

export function tests() {
	const found = fetched("/api/tests?" + new URLSearchParams({ q: look.q }), String(Math.floor(Date.now() / 15000)));
	if (!found.value) return v("section", { class: "table" }, v("div", { class: "tools" }, v("h2", {}, "Tests"), finder("tests")), loadingText(found));
	const rows = found.value.tests.map((test) => ({ ...test, key: test.file + "\x00" + test.name }));
	return table({
		label: "Tests", rows, href: (test) => to.test(test.file, test.name), className: "tests",
		empty: look.q ? "Nothing matches." : "No test has run in this fleet yet.", text: () => look.q.toLowerCase(),
		columns: [
			{ id: "name", label: "Test", width: "minmax(180px, 2fr)", class: "first", value: (test) => test.name, cell: (test) => [mark(test.last === "pending" ? "pending" : test.last), link(to.test(test.file, test.name), test.name || test.file, { class: "main", title: test.name })] },
			{ id: "file", label: "File", width: "minmax(120px, 1.2fr)", class: "sub", value: (test) => test.file, cell: (test) => v("span", { title: test.file }, test.file) },
			{ id: "bad", label: "Failed", width: "110px", class: "side", desc: true, value: (test) => test.bad, cell: (test) => (test.bad ? v("span", {}, v("b", { class: "is-failed" }, test.bad), soft(" of " + test.runs)) : soft(plural(test.runs, "run"))) },
			{ id: "past", label: "Last runs", width: "minmax(130px, 1.2fr)", class: "middle", cell: (test) => strip(test.past) },
			{ id: "time", label: "Last", width: "90px", class: "wide", desc: true, value: (test) => test.time, cell: (test) => ago(test.time) },
		],
	});
}

export function test() {
	const { file, test: name } = look.arg;
	const past = fetched("/api/test?" + new URLSearchParams({ file, name }), String(Math.floor(Date.now() / 15000)));
	const list = past.value || [];
	const bad = list.filter((verdict) => verdict.status === "failed" || verdict.status === "error").length;
	const most = Math.max(...list.map((verdict) => verdict.seconds || 0), 0.001);
	return v("div", { key: "test" + file + name, class: "page" },
		title(file, list.length ? list[0].status : null, name || file),
		list.length ? v("p", { class: "soft" }, list.length === 1 ? "It has run once." : bad ? `It failed in ${bad} of the last ${list.length} runs.` : `It did not fail in the last ${list.length} runs.`) : null,
		list.length ? v("table", { class: "past" },
			v("thead", {}, v("tr", {}, ["Ended", "Run", "Host", "When", "Took", ""].map((label) => v("th", { scope: "col" }, label)))),
			v("tbody", {}, list.map((verdict) => v("tr", { key: verdict.run + verdict.time },
				v("td", {}, state(verdict.status, verdict.status === "pending" ? "skipped" : verdict.status), verdict.flaky ? v("span", { class: "badge" }, "flaky") : null),
				v("td", {}, link(to.run(verdict.run), verdict.run)), v("td", {}, verdict.host), v("td", {}, ago(verdict.time)),
				v("td", {}, duration(verdict.seconds || 0), v("i", { class: "meter", style: { width: Math.round(60 * (verdict.seconds || 0) / most) + "px" } })),
				v("td", { class: "grow soft" }, verdict.why)))))
			: past.value ? v("p", { class: "empty" }, "Nothing is known of this test. Verdicts count when the job has ended.") : loadingText(past));
}
