// Elements that are described, and changed only where the description has changed. Text
// becomes text nodes, never markup.

// v describes an element. Props: attributes, "on..." handlers, "style" as an object, and
// "key", which identifies it among its siblings. Children are descriptions, texts or nothing.
export const v = (tag, props, ...children) => ({ tag, props: props || {}, children: children.flat(Infinity).filter(isSomething).map(asText) });

const isSomething = (child) => child !== null && child !== undefined && child !== false && child !== true && child !== "";
const asText = (child) => (typeof child === "object" ? child : { text: String(child) });

const svgSpace = "http://www.w3.org/2000/svg";
const svgTags = new Set(["svg", "path", "g", "text"]);

// draw makes the children of an element what the descriptions say.
export function draw(parent, ...children) {
	const next = children.flat(Infinity).filter(isSomething).map(asText);
	patchChildren(parent, parent.drawn || [], next);
	parent.drawn = next;
}

function create(node) {
	if (node.text !== undefined) {
		node.element = document.createTextNode(node.text);
		return node.element;
	}
	const element = svgTags.has(node.tag) ? document.createElementNS(svgSpace, node.tag) : document.createElement(node.tag);
	node.element = element;
	patchProps(element, {}, node.props);
	patchChildren(element, [], node.children);
	if (node.props.onmake) node.props.onmake(element);
	return element;
}

const isSame = (a, b) => a.tag === b.tag && (a.tag === undefined || a.props.key === b.props.key);

function patch(old, next) {
	next.element = old.element;
	if (next.text !== undefined) {
		if (old.text !== next.text) next.element.nodeValue = next.text;
		return;
	}
	patchProps(next.element, old.props, next.props);
	if (!next.props.opaque) patchChildren(next.element, old.children, next.children);
}

function patchProps(element, old, next) {
	for (const name of Object.keys(old)) if (!(name in next)) setProp(element, name, old[name], null);
	for (const [name, value] of Object.entries(next)) if (old[name] !== value) setProp(element, name, old[name], value);
}

function setProp(element, name, old, value) {
	if (name === "key" || name === "onmake" || name === "opaque") return;
	if (name.startsWith("on")) element[name] = value;
	else if (name === "style") setStyle(element, old || {}, value || {});
	else if (name === "value") { if (element.value !== value) element.value = value ?? ""; }
	else if (value === null || value === undefined || value === false) element.removeAttribute(name);
	else element.setAttribute(name, value === true ? "" : value);
}

function setStyle(element, old, next) {
	for (const name of Object.keys(old)) if (!(name in next)) element.style.removeProperty(name);
	for (const [name, value] of Object.entries(next)) if (old[name] !== value) element.style.setProperty(name, value);
}

function patchChildren(parent, old, next) {
	const byKey = new Map();
	for (const node of old) if (node.tag && node.props.key !== undefined) byKey.set(node.props.key, node);
	const kept = new Set();
	let at = 0; // the next old child without a key
	for (const node of next) {
		let match = null;
		if (node.tag && node.props.key !== undefined) {
			match = byKey.get(node.props.key);
			if (match && !isSame(match, node)) match = null;
		} else {
			while (at < old.length && old[at].tag && old[at].props.key !== undefined) at++;
			if (at < old.length && isSame(old[at], node)) match = old[at];
			at++;
		}
		if (match && !kept.has(match)) {
			kept.add(match);
			patch(match, node);
		} else {
			create(node);
		}
	}
	for (const node of old) if (!kept.has(node)) node.element.remove();
	let place = parent.firstChild;
	for (const node of next) {
		if (node.element === place) place = place.nextSibling;
		else parent.insertBefore(node.element, place);
	}
}

export const byId = (id) => document.getElementById(id);

const shapes = {
	up: "M8 5a3 3 0 1 0 .01 0",
	silent: "M8 4v5M8 11.900v.2",
	lost: "M4 4l8 8M12 4l-8 8",
	draining: "M8 3v9M4.500 8.500L8 12l3.500-3.500",
	leaving: "M3 8h9M8.500 4.500L12 8l-3.500 3.500",
	free: "M8 4.500a3.500 3.500 0 1 0 .01 0",
	held: "M8 5.500a2.500 2.500 0 1 0 .01 0M8 3a5 5 0 1 0 .01 0",
	taken: "M4.500 7.500h7v5h-7zM6 7.500V5.500a2 2 0 0 1 4 0v2",
	aside: "M6 4v8M10 4v8",
	away: "M4 4l8 8M12 4l-8 8",
	waiting: "M8 4.500V8l2.500 1.500M8 2.500a5.500 5.500 0 1 0 .01 0",
	running: "M5.500 4l6 4-6 4z",
	passed: "M3.500 8.500l3 3 6-7",
	failed: "M4 4l8 8M12 4l-8 8",
	cancelled: "M8 2.500a5.500 5.500 0 1 0 .01 0M4.200 4.200l7.600 7.600",
	pending: "M4 8h8",
	error: "M8 3v6M8 12.600v.2",
	returned: "M12.500 8a4.500 4.500 0 1 1-1.500-3.300M11.500 2v3h-3",
	warning: "M8 2.500L14 13H2zM8 6.500v3M8 11.300v.2",
	theme: "M8 2.500a5.500 5.500 0 1 0 .01 0M8 2.500v11M10.500 4v8M12.500 6v4",
	sorted: "M4 6l4 4 4-4",
};
Object.assign(shapes, { done: shapes.passed, xfailed: shapes.passed, xpassed: shapes.failed, flaky: shapes.returned });

// mark is the sign of a state, whose form says it without colour, too.
export const mark = (name) => v("svg", { class: "mark is-" + name, viewBox: "0 0 16 16", "aria-hidden": "true" },
	v("path", { d: shapes[name] || shapes.error, fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round" }));
