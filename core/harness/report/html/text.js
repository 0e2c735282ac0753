// Elements, and text as people read it. Text gets into the page as text nodes
// and never as markup.

// h makes an element. Children are elements, texts, or nothing.
function h(tag, attributes, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on")) {
			element.addEventListener(name.slice(2), value);
		} else if (value !== undefined && value !== null && value !== false) {
			element.setAttribute(name, value === true ? "" : value);
		}
	}
	element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

const byId = (id) => document.getElementById(id);

function svg(className, viewBox, path) {
	const space = "http://www.w3.org/2000/svg";
	const icon = document.createElementNS(space, "svg");
	icon.setAttribute("class", className);
	icon.setAttribute("viewBox", viewBox);
	icon.setAttribute("aria-hidden", "true");
	const line = document.createElementNS(space, "path");
	line.setAttribute("d", path);
	line.setAttribute("fill", "none");
	line.setAttribute("stroke", "currentColor");
	line.setAttribute("stroke-width", "1.8");
	line.setAttribute("stroke-linecap", "round");
	line.setAttribute("stroke-linejoin", "round");
	icon.append(line);
	return icon;
}

const shapes = {
	passed: "M3.5 8.5l3 3 6-7",
	failed: "M4 4l8 8M12 4l-8 8",
	xpassed: "M4 4l8 8M12 4l-8 8",
	error: "M8 3v6M8 12.6v.2",
	pending: "M4 8h8",
	xfailed: "M3.5 8.5l3 3 6-7M3 3l10 10",
	quarantined: "M8 2.5a5.5 5.5 0 1 0 .01 0M4.2 4.2l7.6 7.6",
};

// mark is the sign of a way to end, which says it without colour too.
const mark = (look) => svg("mark " + look, "0 0 16 16", shapes[look] || shapes.error);

const words = {
	passed: "Passed", failed: "Failed", error: "Error", pending: "Skipped",
	xfailed: "Failed as expected", xpassed: "Passed unexpectedly", quarantined: "Failed in quarantine",
};

function duration(seconds) {
	if (seconds < 0.0005) return "0 ms";
	if (seconds < 1) return (seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0) + " ms";
	if (seconds < 100) return seconds.toFixed(2) + " s";
	return Math.floor(seconds / 60) + " min " + String(Math.floor(seconds % 60)).padStart(2, "0") + " s";
}

const number = (n) => n.toLocaleString("en");
const plural = (n, noun) => number(n) + " " + noun + (n === 1 ? "" : "s");

// The 16 colours of terminals, light and dark pages alike, and the rest of the
// palette of 256: a cube of six steps, then greys.
const named = ["#5c6773", "#d64541", "#2f9e62", "#b07d12", "#3f7fe0", "#a653c9", "#1796b0", "#8f98a3",
	"#7a8490", "#f0605b", "#3dba78", "#cf9a1f", "#6a9ff5", "#c27be0", "#2fb4cf", "#aeb6c0"];

function palette(index) {
	if (index < 16) return named[index];
	if (index >= 232) return `rgb(${Array(3).fill(8 + 10 * (index - 232)).join(" ")})`;
	const step = (n) => (n ? 55 + 40 * n : 0);
	const n = index - 16;
	return `rgb(${step(Math.floor(n / 36))} ${step(Math.floor(n / 6) % 6)} ${step(n % 6)})`;
}

// sgr changes a style by the numbers of a sequence that selects how characters
// look (SGR in ECMA-48).
function sgr(style, numbers) {
	for (let i = 0; i < numbers.length; i++) {
		const n = numbers[i];
		if (n === 0) style = {};
		else if (n === 1) style = { ...style, bold: true };
		else if (n === 2) style = { ...style, faint: true };
		else if (n === 3) style = { ...style, italic: true };
		else if (n === 4) style = { ...style, underline: true };
		else if (n === 22) style = { ...style, bold: false, faint: false };
		else if (n === 23) style = { ...style, italic: false };
		else if (n === 24) style = { ...style, underline: false };
		else if (n === 39) style = { ...style, fg: undefined };
		else if (n === 49) style = { ...style, bg: undefined };
		else if (n >= 30 && n <= 37) style = { ...style, fg: palette(n - 30) };
		else if (n >= 90 && n <= 97) style = { ...style, fg: palette(n - 82) };
		else if (n >= 40 && n <= 47) style = { ...style, bg: palette(n - 40) };
		else if (n >= 100 && n <= 107) style = { ...style, bg: palette(n - 92) };
		else if (n === 38 || n === 48) {
			const side = n === 38 ? "fg" : "bg";
			if (numbers[i + 1] === 5) {
				style = { ...style, [side]: palette(Math.min(255, numbers[i + 2] || 0)) };
				i += 2;
			} else if (numbers[i + 1] === 2) {
				style = { ...style, [side]: `rgb(${numbers.slice(i + 2, i + 5).join(" ")})` };
				i += 4;
			}
		}
	}
	return style;
}

function dress(element, style) {
	if (style.fg) element.style.color = style.fg;
	if (style.bg) element.style.backgroundColor = style.bg;
	if (style.bold) element.style.fontWeight = "700";
	if (style.faint) element.style.opacity = "0.65";
	if (style.italic) element.style.fontStyle = "italic";
	if (style.underline || style.strike) {
		element.style.textDecoration = (style.underline ? "underline " : "") + (style.strike ? "line-through" : "");
	}
	return element;
}

// visible writes characters that would do something as what they are.
const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => {
	const code = c.charCodeAt(0);
	return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16);
});

// coloured is output with its colours. Sequences that do anything else are left
// out, for there is no screen that they could do it to.
function coloured(text) {
	const pieces = [];
	let style = {};
	let from = 0;
	const put = (part) => {
		if (!part) return;
		part = visible(part.replace(/\r\n/g, "\n"));
		pieces.push(Object.values(style).some(Boolean) ? dress(h("span", null, part), style) : part);
	};
	for (const match of text.matchAll(/\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g)) {
		put(text.slice(from, match.index));
		from = match.index + match[0].length;
		if (match[2] === "m") style = sgr(style, (match[1] || "0").split(/[;:]/).map(Number));
	}
	put(text.slice(from));
	return pieces;
}
