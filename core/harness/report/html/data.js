// The run, its tests, and which of them are looked for.

const run = JSON.parse(byId("data").textContent);
const tests = run.tests || [];
const files = run.files || [];
const casts = run.casts || [];

// look is how a test is marked: as it ended, unless it was in quarantine.
function look(test) {
	const excused = test.status === "passed" || test.status === "pending" || test.status === "xfailed";
	return test.quarantined && !excused ? "quarantined" : test.status;
}

const titleOf = (test) => (test.path || []).join(" ") || files[test.file].name;
const attemptsOf = (test) => [...(test.earlier || []), test];
// reasonOf is the first paragraph of what went wrong, on one line.
function reasonOf(test) {
	const message = (test.problems || []).map((problem) => problem.message.trim()).find(Boolean) || "";
	return message.split("\n\n")[0].replace(/\s*\n\s*/g, " ");
}

// placeOfFailure is where a test failed, and in which hook.
function placeOfFailure(test) {
	const problem = (test.problems || []).find((some) => some.message.trim()) || {};
	const frame = (problem.stack || [])[0];
	return (frame && frame.file ? `${frame.file}:${frame.line}` : files[test.file].name) + (problem.hook ? ", in " + problem.hook : "");
}

const leaksOf = (test) => attemptsOf(test).some((attempt) => attempt.leaks);
const plays = (test) => attemptsOf(test).some((attempt) => (attempt.artifacts || []).some((artifact) => artifact.cast));

tests.forEach((test, index) => {
	test.index = index;
	test.look = look(test);
});

// kinds are what one can choose by. A test may be of several.
const kinds = {
	failed: ["Failed", (test) => test.bad],
	passed: ["Passed", (test) => test.look === "passed"],
	skipped: ["Skipped", (test) => test.look === "pending"],
	xfailed: ["Expected failures", (test) => test.look === "xfailed"],
	quarantined: ["Quarantined", (test) => test.look === "quarantined"],
	flaky: ["Flaky", (test) => test.flaky],
	leaks: ["Leaks", leaksOf],
};

const counts = {};
for (const [kind, [, belongs]] of Object.entries(kinds)) counts[kind] = tests.filter(belongs).length;

// groups are the failures of one place and kind, the largest first. Those are of a kind
// whose reasons differ only in numbers and in what stands in quotes.
const groups = [];
{
	const byKey = new Map();
	for (const test of tests.filter((some) => some.bad)) {
		const kind = reasonOf(test).replace(/"(\\.|[^"\\])*"/g, '""').replace(/\d+/g, "0");
		const key = JSON.stringify([placeOfFailure(test), test.status, kind]);
		if (!byKey.has(key)) byKey.set(key, { place: placeOfFailure(test), reason: reasonOf(test), tests: [] });
		byKey.get(key).tests.push(test);
	}
	groups.push(...[...byKey.values()].sort((a, b) => b.tests.length - a.tests.length));
	groups.forEach((group, index) => group.tests.forEach((test) => { test.group = index + 1; }));
}

const tags = [...new Set(tests.flatMap((test) => test.tags || []))].sort();

// wanted is what the address says after "#".
const wanted = { status: new Set(), q: "", tag: "", group: 0, test: null };

function readAddress() {
	const given = new URLSearchParams(location.hash.slice(1));
	wanted.status = new Set((given.get("status") || "").split(",").filter((kind) => kinds[kind]));
	wanted.q = given.get("q") || "";
	wanted.tag = given.get("tag") || "";
	const group = parseInt(given.get("group"), 10);
	wanted.group = group > 0 && group <= groups.length ? group : 0;
	const index = parseInt(given.get("test"), 10);
	wanted.test = index >= 0 && index < tests.length ? index : null;
}

function writeAddress() {
	const given = new URLSearchParams();
	if (wanted.status.size) given.set("status", [...wanted.status].join(","));
	if (wanted.q) given.set("q", wanted.q);
	if (wanted.tag) given.set("tag", wanted.tag);
	if (wanted.group) given.set("group", wanted.group);
	if (wanted.test !== null) given.set("test", wanted.test);
	const hash = given.toString().replaceAll("%2C", ",");
	try {
		history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
	} catch (e) {
		// A page in a sandbox has no address of its own.
	}
}

// textOf is where words are looked for. It is made when it is first needed.
function textOf(test) {
	if (test.text === undefined) {
		const messages = attemptsOf(test).flatMap((attempt) => (attempt.problems || []).map((problem) => problem.message));
		const marks = (test.tags || []).map((tag) => "#" + tag);
		const hosts = attemptsOf(test).map((attempt) => attempt.host || "");
		test.text = [files[test.file].name, titleOf(test), ...hosts, ...marks, ...messages].join("\n").toLowerCase();
	}
	return test.text;
}

const isFiltered = () => wanted.status.size > 0 || wanted.q.trim() !== "" || wanted.tag !== "" || wanted.group > 0;

function selectTests() {
	const looked = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
	const chosen = [...wanted.status].map((kind) => kinds[kind][1]);
	return tests.filter((test) =>
		(!chosen.length || chosen.some((belongs) => belongs(test))) &&
		(!wanted.group || test.group === wanted.group) &&
		(!wanted.tag || (test.tags || []).includes(wanted.tag)) &&
		looked.every((word) => textOf(test).includes(word)));
}
