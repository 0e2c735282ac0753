// What is known of one test, or of the run when none is chosen.

const detail = byId("detail");
const longest = 4000; // characters of a message that are shown at once

function showDetail() {
	stopPlaying();
	const test = wanted.test === null ? null : tests[wanted.test];
	document.querySelector("main").classList.toggle("chosen", test !== null);
	detail.replaceChildren(...(test ? testDetail(test) : overview()));
	detail.scrollTop = 0;
	drawTimeline();
}

function testDetail(test) {
	const path = test.path || [];
	const attempts = attemptsOf(test);
	const body = h("div");
	const select = (attempt, buttons) => {
		stopPlaying();
		body.replaceChildren(...attemptDetail(test, attempt));
		buttons.forEach((button, i) => button.setAttribute("aria-pressed", attempts[i] === attempt));
	};
	const buttons = attempts.length < 2 ? [] : attempts.map((attempt, i) => h("button",
		{ type: "button", onclick: () => select(attempt, buttons) },
		mark(attempt === test ? test.look : attempt.status), "Attempt " + (attempt.attempt || i + 1)));
	select(test, buttons);
	return [
		h("button", { id: "back", class: "more", type: "button", onclick: leaveTest }, "← All tests"),
		h("div", { class: "kicker" }, mark(test.look), h("span", { class: test.look }, words[test.look] || test.status),
			test.flaky ? h("span", { class: "badge flaky" }, "flaky") : null,
			test.quarantined ? h("span", { class: "badge quarantined" }, "quarantine") : null,
			(test.tags || []).map((tag) => h("span", { class: "tag" }, tag))),
		h("h2", null, path.length > 1 ? h("i", null, path.slice(0, -1).join(" › ") + " › ") : null, path.at(-1) || files[test.file].name),
		buttons.length ? h("div", { class: "tabs", role: "group", "aria-label": "Attempts" }, buttons) : null,
		body,
	].filter(Boolean);
}

function leaveTest() {
	wanted.test = null;
	list.cursor = -1;
	writeAddress();
	drawRows();
	showDetail();
	list.element.focus();
}

function attemptDetail(test, attempt) {
	const facts = [h("code", null, files[test.file].name + (test.line ? ":" + test.line : "")), duration(attempt.seconds)];
	if (attempt.worker) facts.push("worker " + attempt.worker + (attempt.died ? ", which died" : ""));
	if (attempt.host) facts.push("on " + attempt.host);
	if (attempt.start >= 0) facts.push("began after " + duration(attempt.start));
	const parts = [h("div", { class: "meta" }, facts.map((fact) => h("span", null, fact)))];
	for (const problem of attempt.problems || []) parts.push(problemCard(test, problem, attempt.status));
	if (attempt.leaks) parts.push(h("h3", null, "Left behind"), leakNotes(attempt.leaks));
	for (const artifact of attempt.artifacts || []) parts.push(...artifactDetail(artifact));
	if (attempt.output) parts.push(h("h3", null, "Output"), h("pre", { class: "output", tabindex: 0 }, coloured(attempt.output)));
	return parts;
}

const placeOf = (frame) => frame.file + (frame.line ? ":" + frame.line : "");

function problemCard(test, problem, status) {
	const stack = problem.stack || [];
	const at = stack[0] || { file: files[test.file].name, line: test.line };
	const calm = status === "xfailed" || status === "pending";
	return h("div", { class: calm ? "card calm" : "card" },
		h("div", { class: "where" }, placeOf(at), at.func ? " in " + at.func : null, problem.hook ? h("em", null, " in " + problem.hook) : null),
		sourceOf(at),
		h("div", null, message(problem.message || "(no message)")),
		problem.diff ? diffOf(problem.diff) : null,
		stack.length > 1 ? h("div", { class: "stack" }, stack.slice(1).map((frame) =>
			h("div", null, frame.file ? "from " + placeOf(frame) + (frame.func ? " in " + frame.func : "") : frame.func))) : null);
}

function sourceOf(frame) {
	const lines = frame.lines || (frame.source ? [frame.source] : []);
	if (!lines.length) return null;
	const first = frame.first || frame.line;
	return h("div", { class: "code" }, lines.map((text, i) => h("div", { class: first + i === frame.line ? "here" : "" },
		h("span", { class: "number" }, String(first + i)), h("pre", null, text.replaceAll("\t", "    ") || " "))));
}

// message sets off what comes after the first paragraph: that is the screens, the
// children and the like of a test that hung.
function message(text) {
	const end = (text + "\n\n").indexOf("\n\n");
	return [...cutText(text.slice(0, end), "message"), ...(end < text.length ? cutText(text.slice(end + 1), "more-message") : [])];
}

// cutText is a text of which the rest comes when it is asked for.
function cutText(text, className) {
	const body = h("pre", { class: className }, text.length > longest ? text.slice(0, longest) + " …" : text);
	if (text.length <= longest) return [body];
	const button = h("button", { type: "button", class: "more", onclick: () => {
		body.textContent = text;
		button.remove();
	} }, "Show all " + number(text.length) + " characters");
	return [body, button];
}

function diffOf(diff) {
	const most = 400;
	const lines = diff.split("\n");
	const draw = (some) => some.map((line) => {
		const kind = line[0] === "+" ? "plus" : line[0] === "-" ? "minus" : "";
		return h("div", { class: kind }, h("span", { class: "sign" }, line[0] || " "), h("pre", null, line.slice(1) || " "));
	});
	const body = h("div", { class: "diff" },
		h("div", { class: "legend" }, h("span", { class: "failed" }, "− expected"), h("span", { class: "passed" }, "+ actual")),
		draw(lines.slice(0, most)));
	if (lines.length <= most) return body;
	const button = h("button", { type: "button", class: "more", onclick: () => button.replaceWith(...draw(lines.slice(most))) },
		"Show " + number(lines.length - most) + " more lines");
	body.append(button);
	return body;
}

const leakNotes = (leaks) => h("ul", { class: "notes" }, leaks.map((leak) =>
	h("li", { class: leak.fails ? "fatal" : "" }, leak.what,
		leak.made ? h("small", null, "made at " + placeOf(leak.made) + (leak.made.source ? "   " + leak.made.source : "")) : null)));

function artifactDetail(artifact) {
	const kind = artifact.kind.charAt(0).toUpperCase() + artifact.kind.slice(1);
	const title = h("h3", null, kind, h("span", null, artifact.name));
	if (artifact.cast) {
		const cast = casts[artifact.cast - 1];
		return [title, player(cast, artifact.name), cast.cut ? h("p", null, "The rest of the recording is in " + artifact.path) : null].filter(Boolean);
	}
	if (artifact.image) return [title, h("figure", null, h("img", { src: artifact.image, alt: artifact.name }))];
	if (artifact.text) return [title, h("pre", { class: "output", tabindex: 0 }, artifact.text)];
	return [title, h("code", null, artifact.path)];
}

const table = (rows) => h("table", { class: "table" }, h("tbody", null, rows));

// tableRow is what one can go to, and how much it is of the most.
function tableRow(label, amount, most, text, go) {
	const meter = h("i", { class: "meter" });
	meter.style.width = Math.max(1, 100 * amount / most) + "%";
	return h("tr", null, h("td", null, h("button", { type: "button", onclick: go }, label)), h("td", null, meter), h("td", null, text));
}

// showGroup shows the tests of a group and no others, and all of the only one.
function showGroup(index) {
	wanted.status.clear();
	Object.assign(wanted, { q: "", tag: "", group: index + 1 });
	filter();
	const [test, second] = groups[index].tests;
	if (!second) showTest(test);
}

// groupRow is a group in the overview.
const groupRow = (group, index) => tableRow(
	[h("small", null, group.place), group.reason.slice(0, 300) || "(no message)"],
	group.tests.length, groups[0].tests.length, plural(group.tests.length, "test"), () => showGroup(index));

function overview() {
	const parts = [h("h2", null, "Overview")];
	const section = (title, rows) => { if (rows.length) parts.push(h("h3", null, title), table(rows)); };
	const most = 30;
	section("Why tests failed", groups.slice(0, most).map(groupRow));
	if (groups.length > most) parts.push(h("p", null, `and ${plural(groups.length - most, "other reason")}`));
	const longest = (list, count) => list.filter((some) => some.seconds > 0).sort((a, b) => b.seconds - a.seconds).slice(0, count);
	const slow = longest(tests, 12);
	section("Slowest tests", slow.map((test) => tableRow(titleOf(test), test.seconds, slow[0].seconds, duration(test.seconds), () => showTest(test))));
	const slowFiles = files.length > 1 ? longest(files, 8) : [];
	section("Slowest files", slowFiles.map((file) => tableRow(file.name, file.seconds, slowFiles[0].seconds, duration(file.seconds), () => search(file.name))));
	parts.push(h("h3", null, "Keys"), h("div", { class: "keys" },
		[["↑ ↓", "move"], ["← →", "close and open a file"], ["n p", "next and previous failure"], ["/", "filter"], ["Esc", "back to here"]]
			.map(([key, does]) => [h("kbd", null, key), h("span", null, does)]).flat()));
	return parts;
}
