// The top of the page, the filter, the theme and the keys.

function showHeader() {
	const totals = run.totals;
	const bad = counts.failed;
	byId("verdict").textContent = bad ? `${number(bad)} of ${plural(tests.length, "test")} failed`
		: run.unrun ? `${plural(tests.length, "test")} went well before the run ended early`
			: tests.length ? `${tests.length > 1 ? "All " : ""}${plural(tests.length, "test")} went well` : "There was no test";
	byId("verdict").className = bad || run.unrun || !tests.length ? "bad" : "good";
	const facts = [plural(files.length, "file"), duration(run.seconds)];
	if (run.unrun) facts[0] = [facts[0], ", ", h("b", null, number(run.unrun) + " not run")];
	const workers = timeline.lanes.length;
	if (workers > 1) facts.push(`${plural(workers, "worker")}, ${Math.round(100 * busyShare())}% busy`);
	if (run.started) facts.push(new Date(run.started * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
	byId("facts").replaceChildren(...facts.map((fact) => h("span", null, fact)));
	const shares = [["passed", totals.passed], ["failed", totals.failed + (totals.xpassed || 0)], ["error", totals.errors],
		["xfailed", totals.xfailed], ["quarantined", totals.quarantined], ["pending", totals.pending]];
	byId("bar").replaceChildren(...shares.filter(([, n]) => n).map(([name, n]) => {
		const part = h("i", { class: "fill-" + name });
		part.style.flex = n + " 1 0";
		return part;
	}));
}

function showFilter() {
	const chip = (label, count, pressed, act) => h("button", { type: "button", "aria-pressed": String(pressed), onclick: act }, label, h("b", null, number(count)));
	const chips = [chip("All", tests.length, wanted.status.size === 0 && !wanted.group, () => { wanted.status.clear(); wanted.group = 0; filter(); })];
	if (wanted.group) {
		const group = groups[wanted.group - 1];
		chips.push(chip("Failed at " + group.place, group.tests.length, true, () => { wanted.group = 0; filter(); }));
	}
	for (const [kind, [label]] of Object.entries(kinds)) {
		if (!counts[kind] && !wanted.status.has(kind)) continue;
		chips.push(chip(label, counts[kind], wanted.status.has(kind), (event) => {
			const alone = !(event.ctrlKey || event.metaKey || event.shiftKey);
			const had = wanted.status.has(kind);
			if (alone) wanted.status.clear();
			if (had) wanted.status.delete(kind);
			else wanted.status.add(kind);
			filter();
		}));
	}
	byId("chips").replaceChildren(...chips);
	if (byId("query").value !== wanted.q) byId("query").value = wanted.q;
	byId("tag").hidden = !tags.length;
	byId("tag").replaceChildren(h("option", { value: "" }, "All tags"), ...tags.map((tag) => h("option", { value: tag, selected: tag === wanted.tag }, "#" + tag)));
}

// show draws all that the filter decides about.
function show() {
	const selected = selectTests();
	timeline.shown = new Set(selected);
	showFilter();
	byId("count").textContent = selected.length === tests.length ? plural(tests.length, "test") : `${number(selected.length)} of ${number(tests.length)}`;
	showList(selected);
	drawTimeline();
}

function filter() {
	writeAddress();
	list.toggled.clear();
	list.element.scrollTop = 0;
	show();
}

function search(text) {
	wanted.q = text;
	filter();
}

const themes = ["auto", "light", "dark"];

function setTheme(name) {
	const theme = themes.includes(name) ? name : "auto";
	if (theme === "auto") document.documentElement.removeAttribute("data-theme");
	else document.documentElement.dataset.theme = theme;
	byId("theme").textContent = "Theme: " + theme;
	drawTimeline();
	return theme;
}

// The theme is remembered where the browser lets a file do so.
let theme = "auto";
try { theme = localStorage.getItem("theme"); } catch (e) { /* then it isn't */ }
theme = setTheme(theme);
byId("theme").addEventListener("click", () => {
	theme = setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
	try { localStorage.setItem("theme", theme); } catch (e) { /* as above */ }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTimeline);

byId("query").addEventListener("input", (event) => search(event.target.value));
byId("tag").addEventListener("change", (event) => { wanted.tag = event.target.value; filter(); });
list.element.addEventListener("scroll", () => requestAnimationFrame(drawRows));
addEventListener("resize", () => { drawRows(); drawTimeline(); });
addEventListener("hashchange", () => { readAddress(); start(); });

const failedRow = (row) => row.test && row.test.bad;

const keys = {
	ArrowDown: () => step(1), j: () => step(1),
	ArrowUp: () => step(-1), k: () => step(-1),
	n: () => step(1, failedRow), p: () => step(-1, failedRow),
	ArrowRight: () => fold(true), ArrowLeft: () => fold(false),
	Home: () => choose(0, false), End: () => choose(list.rows.length - 1, false),
	Enter: () => (list.rows[list.cursor]?.test ? detail.focus() : choose(list.cursor, true)),
	Escape: leaveTest,
	"/": () => byId("query").focus(),
};

// fold opens or closes the file that the cursor is in.
function fold(open) {
	for (let i = list.cursor; i >= 0; i--) {
		if (list.rows[i].test) continue;
		if (list.rows[i].open !== open) toggle(list.rows[i], open);
		reveal();
		return;
	}
}

addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	const { target } = event;
	if (target.id === "query") {
		if (event.key === "Escape") { search(""); list.element.focus(); }
		if (event.key === "Enter" || event.key === "ArrowDown") { list.element.focus(); step(1, (row) => row.test); event.preventDefault(); }
		return;
	}
	// Elsewhere the keys of controls and of scrolling keep their meaning.
	const free = target === list.element || target === document.body;
	const act = keys[event.key];
	if (!act || (!free && !["n", "p", "j", "k", "/", "Escape"].includes(event.key)) || target.tagName === "SELECT") return;
	event.preventDefault();
	act();
});

function start() {
	show();
	showDetail();
	if (wanted.test !== null && list.cursor < 0) showTest(tests[wanted.test]);
	reveal();
}

readAddress();
buildTimeline();
showHeader();
if (wanted.test === null && !isFiltered()) {
	const [first, second] = tests.filter((test) => test.bad);
	const wide = !matchMedia("(max-width: 900px)").matches; // where both panes have room
	if (first && !second && wide) wanted.test = first.index; // of several, the overview has the reasons
	if (first && tests.length > manyTests) wanted.status.add("failed");
}
start();
