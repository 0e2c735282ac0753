// A terminal of a running test. The hub emulates it; this draws the rows that have changed.
import { follow } from "./store.js";
import { palette, visible } from "./text.js";

// The colors of a terminal, which is dark on every page.
const screenText = "#d0d0d0";
const screenBack = "#14181e";
const bright = ["#000000", "#cd3131", "#0dbc79", "#c9b458", "#4a86e8", "#bc3fbc", "#11a8cd", "#e5e5e5",
	"#7a7a7a", "#f14c4c", "#23d18b", "#f5f543", "#7aaef5", "#d670d6", "#29b8db", "#ffffff"];

const colour = (value) => (typeof value === "number" ? (value < 16 ? bright[value] : palette(value)) : value);

function dress(element, style) {
	let fg = colour(style.fg);
	let bg = colour(style.bg);
	if (style.reverse) [fg, bg] = [bg || screenBack, fg || screenText];
	if (fg) element.style.color = fg;
	if (bg) element.style.backgroundColor = bg;
	if (style.bold) element.style.fontWeight = "700";
	if (style.faint) element.style.opacity = "0.65";
	if (style.italic) element.style.fontStyle = "italic";
	if (style.underline || style.strike) element.style.textDecoration = (style.underline ? "underline " : "") + (style.strike ? "line-through" : "");
	return element;
}

// show follows the terminal at a path in an element, as long as that is in the document.
export function show(element, path) {
	let styles = [];
	let rows = [];
	const clear = () => { styles = []; rows = []; element.replaceChildren(); };
	const draw = (shot) => {
		if (shot.anew) clear();
		styles.push(...(shot.styles || []));
		while (rows.length < shot.rows) { rows.push([]); element.append(document.createElement("div")); }
		while (rows.length > shot.rows) { rows.pop(); element.lastChild.remove(); }
		for (const { row, spans } of shot.lines || []) if (row < rows.length) { rows[row] = spans; drawRow(row); }
		fit(shot.cols);
		const used = Math.max(rows.findLastIndex((spans) => spans.length), shot.cursor ? shot.cursor[0] : 0, 3);
		rows.forEach((_, row) => { element.children[row].hidden = row > used; });
		for (const old of element.querySelectorAll(".cursor-row")) old.classList.remove("cursor-row");
		if (shot.cursor && element.children[shot.cursor[0]]) {
			element.children[shot.cursor[0]].classList.add("cursor-row");
			element.style.setProperty("--cursor", shot.cursor[1] + "ch");
		}
	};
	const drawRow = (row) => {
		const pieces = [];
		for (let i = 0; i < rows[row].length; i += 2) {
			const span = document.createElement("span");
			span.textContent = visible(rows[row][i]);
			pieces.push(dress(span, styles[rows[row][i + 1]] || {}));
		}
		element.children[row].replaceChildren(...pieces);
	};
	const fit = (cols) => { element.style.fontSize = Math.max(6, Math.min(13, (element.clientWidth - 24) / cols / 0.602)) + "px"; };
	const stop = follow(path, { start: clear, shot: draw, tick: () => { if (!element.isConnected) stop(); } });
	return stop;
}
