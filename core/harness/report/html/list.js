// The list of tests by files. Only the rows that can be seen are elements; a
// row is as high as all others, so that its place is known by its number.

const rowHeight = 30;
const manyTests = 200; // above this, files in which all is well begin closed

const list = {
	element: byId("list"),
	space: byId("rows"),
	rows: [], // {file, open, tests} or {test}
	toggled: new Map(), // files that the reader has opened or closed
	cursor: -1,
};

// fileIsOpen: what was filtered is shown, and so is what went wrong.
function fileIsOpen(group) {
	if (list.toggled.has(group.file)) return list.toggled.get(group.file);
	return isFiltered() || tests.length <= manyTests || group.bad > 0;
}

function buildRows(selected) {
	const groups = new Map();
	for (const test of selected) {
		if (!groups.has(test.file)) groups.set(test.file, { file: test.file, tests: [], bad: 0 });
		const group = groups.get(test.file);
		group.tests.push(test);
		if (test.bad) group.bad++;
	}
	const ordered = [...groups.values()].sort((a, b) => (b.bad > 0) - (a.bad > 0) || a.file - b.file);
	list.rows = [];
	for (const group of ordered) {
		group.open = fileIsOpen(group);
		list.rows.push(group);
		if (group.open) for (const test of group.tests) list.rows.push({ test });
	}
}

function showList(selected) {
	const test = wanted.test;
	buildRows(selected);
	list.cursor = list.rows.findIndex((row) => row.test && row.test.index === test);
	list.space.style.height = list.rows.length * rowHeight + "px";
	drawRows();
}

function drawRows() {
	const { element, rows } = list;
	if (!rows.length) {
		list.space.replaceChildren(h("div", { class: "empty" }, tests.length ? "No test matches." : "There was no test."));
		return;
	}
	const spare = 12;
	const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - spare);
	const last = Math.min(rows.length, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + spare);
	const drawn = [topRow(rows, Math.floor(element.scrollTop / rowHeight))];
	for (let i = first; i < last; i++) {
		const row = rows[i].test ? testRow(rows[i].test) : fileRow(rows[i]);
		row.id = "row" + i;
		row.style.top = i * rowHeight + "px";
		row.setAttribute("role", "treeitem");
		row.setAttribute("aria-level", rows[i].test ? 2 : 1);
		row.setAttribute("aria-selected", i === list.cursor);
		row.addEventListener("click", () => choose(i, true));
		drawn.push(row);
	}
	list.space.replaceChildren(...drawn);
	element.setAttribute("aria-activedescendant", list.cursor >= 0 ? "row" + list.cursor : "");
}

// topRow is the file of the first row that can be seen, which stays there.
function topRow(rows, first) {
	while (first > 0 && rows[first].test) first--;
	const row = fileRow(rows[first]);
	row.classList.add("top");
	row.setAttribute("aria-hidden", "true");
	row.addEventListener("click", () => choose(first, true));
	return row;
}

function fileRow(group) {
	const seconds = files[group.file].seconds;
	const good = group.tests.length - group.bad;
	const { name } = files[group.file];
	const base = name.lastIndexOf("/") + 1;
	const label = `${name}, ${group.bad ? `${group.bad} failed of ${group.tests.length}` : plural(group.tests.length, "test")}`;
	return h("div", { class: "row file" + (group.open ? " open" : ""), "aria-expanded": String(group.open), "aria-label": label },
		svg("chevron", "0 0 10 10", "M3 1.5l3.5 3.5L3 8.5"),
		h("span", { class: "name", title: name }, base ? h("i", null, name.slice(0, base)) : null, h("span", null, name.slice(base))),
		h("span", { class: "push" }),
		h("span", { class: "sums" }, group.bad ? h("b", null, number(group.bad) + " failed") : null, group.bad && good ? " of " + number(group.tests.length) : null, group.bad ? null : number(good)),
		h("span", { class: "time" }, seconds ? duration(seconds) : ""));
}

function testRow(test) {
	const path = test.path || [];
	const around = path.slice(0, -1).join(" ");
	const name = titleOf(test);
	const tags = (test.tags || []).filter((tag) => !name.includes("#" + tag));
	return h("div", { class: "row test", "aria-label": `${words[test.look] || test.status}: ${name}, ${duration(test.seconds)}` },
		mark(test.look),
		h("span", { class: "name", title: name }, around ? h("i", null, around + "\u00a0") : null, h("span", null, path.at(-1) || reasonOf(test))),
		test.flaky ? h("span", { class: "badge flaky" }, "flaky") : null,
		leaksOf(test) ? h("span", { class: "badge leaks" }, "leak") : null,
		plays(test) ? h("span", { class: "note" }, "recording") : null,
		tags.slice(0, 3).map((tag) => h("span", { class: "tag" }, tag)),
		h("span", { class: "push" }),
		test.host ? h("span", { class: "host", title: test.host }, test.host) : null,
		h("span", { class: "time" }, test.status === "pending" ? "" : duration(test.seconds)));
}

// choose moves to a row. A file opens and closes when it is clicked.
function choose(index, clicked) {
	const row = list.rows[index];
	if (!row) return;
	if (row.test) {
		list.cursor = index;
		wanted.test = row.test.index;
		writeAddress();
		reveal();
		showDetail();
		return;
	}
	list.cursor = index;
	if (clicked) toggle(row, !row.open);
	reveal();
}

function toggle(group, open) {
	list.toggled.set(group.file, open);
	buildRows(selectTests());
	list.cursor = list.rows.indexOf(list.rows.find((row) => row.file === group.file));
	list.space.style.height = list.rows.length * rowHeight + "px";
	drawRows();
}

// reveal scrolls as little as it can.
function reveal() {
	const { element, cursor } = list;
	const top = cursor * rowHeight;
	if (cursor >= 0 && top < element.scrollTop + rowHeight) element.scrollTop = top - rowHeight;
	else if (cursor >= 0 && top + rowHeight > element.scrollTop + element.clientHeight) {
		element.scrollTop = top + rowHeight - element.clientHeight;
	}
	drawRows();
}

// step looks for the next row that will do, in one of both directions.
function step(direction, fits) {
	for (let i = list.cursor + direction; i >= 0 && i < list.rows.length; i += direction) {
		if (!fits || fits(list.rows[i])) {
			choose(i, false);
			return;
		}
	}
}

// showTest chooses a test wherever it is, and opens its file for that.
function showTest(test) {
	const find = () => list.rows.findIndex((row) => row.test === test);
	if (find() < 0) {
		list.toggled.set(test.file, true);
		buildRows(selectTests());
		list.space.style.height = list.rows.length * rowHeight + "px";
	}
	if (find() >= 0) choose(find(), false);
	else {
		wanted.test = test.index;
		writeAddress();
		showDetail();
	}
}
