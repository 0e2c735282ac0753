(function () {
"use strict";
// The list of the files, one file with its counts, and the theme. The address
// knows the file: index.html#src/lib.lua

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function make(tag, className, text) {
	const element = document.createElement(tag);
	element.className = className;
	if (text !== undefined) element.textContent = text;
	return element;
}

// Rounded down, so that 100 means all.
const percent = (f) => f.lines === 0 ? 100 : Math.floor(1000 * f.covered / f.lines) / 10;
const showPercent = (f) => percent(f).toFixed(1) + "%";
const missed = (f) => f.lines - f.covered;
const counted = (n, one) => n + " " + one + (n === 1 ? "" : "s");

function bar(f) {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("class", "bar");
	svg.setAttribute("viewBox", "0 0 100 1");
	svg.setAttribute("preserveAspectRatio", "none");
	for (const width of [100, percent(f)]) {
		const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
		rect.setAttribute("width", width);
		rect.setAttribute("height", 1);
		svg.append(rect);
	}
	return svg;
}

const orders = {
	name: () => 0,
	missed: (a, b) => missed(b) - missed(a),
	percent: (a, b) => percent(a) - percent(b),
};

function showList() {
	const words = byId("query").value.toLowerCase().split(/\s+/);
	const files = data.files.filter((f) => words.every((w) => f.name.toLowerCase().includes(w)));
	files.sort(orders[byId("order").value]);
	const rows = files.map((f) => {
		const row = make("button", "row");
		const meter = make("span", "meter");
		meter.append(bar(f));
		row.append(make("span", "path", f.name), meter, make("span", "number", showPercent(f)),
			make("span", "of", f.covered + " of " + f.lines));
		row.addEventListener("click", () => { location.hash = encodeURIComponent(f.name); });
		return row;
	});
	if (rows.length === 0) rows.push(make("p", "none", data.files.length === 0 ? "No file was counted." : "No file has this in its name."));
	byId("files").replaceChildren(...rows);
}

function shortCount(n) {
	for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e4]]) {
		if (n >= size) return Math.floor(n / (unit === "k" ? 1e3 : size)) + unit;
	}
	return String(n);
}

let runs = []; // the first line of each run of missed lines
let at = -1;

function showFile(f) {
	byId("name").textContent = f.name;
	byId("share").textContent = showPercent(f) + ", " + f.covered + " of " + counted(f.lines, "line");
	const all = make("div", "source");
	runs = [];
	at = -1;
	let open = false;
	f.source.forEach((text, i) => {
		const count = f.counts[i];
		const line = make("div", "code" + (count === null ? "" : count > 0 ? " hit" : " missed"));
		const shown = make("span", "count", count === null ? "" : shortCount(count));
		if (count !== null) shown.title = counted(count, "time");
		line.append(make("span", "nr", i + 1), shown, make("span", "text", text));
		if (count === 0 && !open) runs.push(line);
		if (count !== null) open = count === 0;
		all.append(line);
	});
	byId("source").replaceChildren(all);
	byId("next").hidden = runs.length === 0;
}

function step(by) {
	if (runs.length === 0) return;
	if (at >= 0) runs[at].classList.remove("at");
	at = at < 0 && by < 0 ? runs.length - 1 : (at + by + runs.length) % runs.length;
	runs[at].classList.add("at");
	runs[at].scrollIntoView({ block: "center" });
}

function nameInAddress() {
	try { return decodeURIComponent(location.hash.slice(1)); } catch (e) { return ""; }
}

function show() {
	const file = data.files.find((f) => f.name === nameInAddress());
	byId("file").hidden = !file;
	byId("files").hidden = document.querySelector("nav").hidden = Boolean(file);
	if (file) showFile(file);
	scrollTo(0, 0);
}

const back = () => { location.hash = ""; };

byId("verdict").textContent = showPercent(data) + " of the lines of " + data.root + " were executed";
byId("facts").textContent = data.covered + " of " + counted(data.lines, "line") + " in " + counted(data.files.length, "file") +
	", " + missed(data) + " missed";
byId("query").addEventListener("input", showList);
byId("order").addEventListener("change", showList);
byId("next").addEventListener("click", () => step(1));
byId("back").addEventListener("click", back);
addEventListener("hashchange", show);
addEventListener("keydown", (e) => {
	if (e.ctrlKey || e.metaKey || e.altKey) return;
	if (e.key === "Escape") back();
	if (e.target.matches("input, select")) return;
	if (e.key === "n") step(1);
	if (e.key === "p") step(-1);
	if (e.key === "/" && byId("file").hidden) { e.preventDefault(); byId("query").focus(); }
});

const themes = ["auto", "light", "dark"];
let theme = "auto";
function setTheme(name) {
	theme = themes.includes(name) ? name : "auto";
	if (theme === "auto") document.documentElement.removeAttribute("data-theme");
	else document.documentElement.dataset.theme = theme;
	byId("theme").textContent = "Theme: " + theme;
}
// The theme is remembered where the browser lets a file do so.
let remembered = null;
try { remembered = localStorage.getItem("theme"); } catch (e) { /* then it isn't */ }
setTheme(remembered);
byId("theme").addEventListener("click", () => {
	setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
	try { localStorage.setItem("theme", theme); } catch (e) { /* as above */ }
});

showList();
show();
})();
