// Tables of any length. All rows are equally high and only those near the window are in the
// document; a row that moves glides to its new place.
import { v, mark, byId } from "./view.js";
import { look, writeAddress, go } from "./look.js";
import { compare, number } from "./text.js";

let redraw = () => {};
export const onRedraw = (f) => { redraw = f; };

let top = 0; // of the rows, in the document
let shape = ""; // of the last table: rows glide only if it is the same
const spare = 8;
const fewRows = 5; // need no filter
export const isNarrow = () => matchMedia("(max-width: 760px)").matches;

// measure finds out where the rows are. It reports whether they have moved.
export function measure() {
	const rows = byId("rows");
	if (!rows) return false;
	const at = rows.getBoundingClientRect().top + scrollY;
	const hasMoved = Math.abs(at - top) > 1;
	top = at;
	return hasMoved;
}

const words = () => look.q.toLowerCase().split(/\s+/).filter(Boolean);

// sorted puts rows in the order that the reader has chosen. Equal rows stay in their usual
// order, so nothing jumps.
function sorted(rows, columns) {
	const column = columns.find((some) => some.id === look.sort && some.value);
	if (!column) return rows;
	const sign = (look.desc ? -1 : 1);
	return rows.map((row) => [column.value(row), row]).sort(([a], [b]) => {
		if (typeof a === "string" || typeof b === "string") return sign * compare(a || "\uffff", b || "\uffff");
		return sign * ((a ?? Infinity) - (b ?? Infinity));
	}).map(([, row]) => row);
}

function sortBy(column) {
	if (look.sort !== column.id) Object.assign(look, { sort: column.id, desc: Boolean(column.desc) });
	else if (look.desc === Boolean(column.desc)) look.desc = !look.desc;
	else Object.assign(look, { sort: "", desc: false });
	writeAddress();
	redraw();
}

let sortable = [];

// sortNext sorts by the next column, for keys.
export function sortNext(reverse) {
	if (reverse) look.desc = !look.desc;
	else {
		const next = sortable[sortable.findIndex((column) => column.id === look.sort) + 1];
		Object.assign(look, { sort: next ? next.id : "", desc: Boolean(next && next.desc) });
	}
	writeAddress();
	redraw();
}

function head(columns) {
	return v("div", { class: "head", role: "row" }, columns.map((column) => {
		const is = look.sort === column.id;
		return v("div", { class: "cell " + (column.class || ""), role: "columnheader", "aria-sort": is ? (look.desc ? "descending" : "ascending") : null },
			column.value
				? v("button", { type: "button", class: is ? (look.desc ? "by desc" : "by") : "", onclick: () => sortBy(column) }, column.label, is ? mark("sorted") : null)
				: column.label);
	}));
}

// table shows rows, which have a key. Columns: id, label, width, cell(row), value(row) to sort
// by, class.
export function table({ label, rows, columns, href, className, empty, text, kinds }) {
	sortable = columns.filter((column) => column.value);
	const looked = words();
	const all = rows.length;
	const kindChips = kinds && (all > fewRows || look.only) ? chipsOf(rows, kinds) : null;
	if (kinds && look.only) rows = rows.filter((row) => kinds(row) === look.only);
	if (looked.length && text) rows = rows.filter((row) => looked.every((word) => text(row).includes(word)));
	rows = sorted(rows, columns);
	const high = isNarrow() ? 58 : 34;
	const first = Math.max(0, Math.floor((scrollY - top) / high) - spare);
	const last = Math.min(rows.length, Math.ceil((scrollY + innerHeight - top) / high) + spare);
	const glides = shape === label + high + innerWidth;
	shape = label + high + innerWidth;
	const few = all <= fewRows && !look.only && !looked.length;
	const wide = columns.map((column) => column.width || "1fr").join(" ");
	return v("section", { key: label, class: "table " + (className || ""), style: { "--columns": wide } },
		v("div", { class: "tools" }, kindChips || v("h2", {}, label), text && !few ? finder(label) : null,
			v("output", { class: "count" }, rows.length === all ? "" : number(rows.length) + " of " + number(all))),
		v("div", { role: "table", "aria-label": label, "aria-rowcount": rows.length + 1 },
			rows.length ? head(columns) : null,
			rows.length
				? v("div", { id: "rows", class: glides ? "glide" : null, role: "rowgroup", style: { height: rows.length * high + "px" } }, rows.slice(first, last).map((row, i) =>
					v("div", {
						key: row.key, class: "row", role: "row", "aria-rowindex": first + i + 2, style: { transform: `translateY(${(first + i) * high}px)`, height: high + "px" },
						onclick: href ? (event) => open(event, href(row)) : null,
					}, columns.map((column) => v("div", { class: "cell " + (column.class || ""), role: "cell" }, column.cell(row))))))
				: v("p", { class: "empty" }, all ? "Nothing matches." : empty)));
}

// open follows a row, unless the reader has clicked something in it or selects text.
function open(event, path) {
	if (event.target.closest("a, button, input") || String(getSelection()) || event.ctrlKey || event.metaKey) return;
	go(path);
}

// finder is the field that filters what can be seen.
export const finder = (label) => v("div", { class: "search" },
	v("input", {
		id: "query", type: "search", placeholder: "Filter", "aria-label": "Filter " + label.toLowerCase(), autocomplete: "off", spellcheck: "false",
		value: look.q, oninput: (event) => { look.q = event.target.value; writeAddress(); redraw(); },
	}),
	v("kbd", { "aria-hidden": "true" }, "/"));

function chipsOf(rows, kinds) {
	const counts = new Map();
	for (const row of rows) counts.set(kinds(row), (counts.get(kinds(row)) || 0) + 1);
	if (look.only && !counts.has(look.only)) counts.set(look.only, 0);
	const order = ["lost", "silent", "away", "aside", "failed", "running", "waiting"];
	const list = [...counts].sort(([a], [b]) => (order.indexOf(a) + 1 || 99) - (order.indexOf(b) + 1 || 99) || compare(a, b));
	return chips([["", "All", rows.length], ...list.map(([kind, n]) => [kind, kind, n])]);
}

// chips choose one kind of rows.
export const chips = (list) => v("div", { class: "chips", role: "group", "aria-label": "Filter by state" }, list.map(([kind, label, n]) => v("button", {
	key: kind, type: "button", "aria-pressed": String(look.only === kind),
	onclick: () => { look.only = look.only === kind ? "" : kind; writeAddress(); scrollTo(0, Math.min(scrollY, top)); redraw(); },
}, kind ? mark(kind) : null, label, v("b", {}, number(n)))));

// step moves the focus between the rows.
export function step(direction) {
	const links = [...document.querySelectorAll("#rows .row a.main, #rows .row button.main")];
	if (!links.length) return;
	const at = links.indexOf(document.activeElement);
	const next = at < 0 ? links.find((link) => link.getBoundingClientRect().top > 60) || links[0] : links[at + direction];
	if (!next) return;
	next.focus({ preventScroll: true });
	next.scrollIntoView({ block: "nearest" });
}
