// What the address says that is to be seen: a view, what it is about, and how it is
// filtered and sorted.

export const look = { view: "overview", arg: {}, q: "", only: "", sort: "", desc: false };

export const views = [
	["overview", "Overview"], ["hosts", "Hosts"], ["equipment", "Equipment"], ["queue", "Queue"],
	["runs", "Runs"], ["tests", "Tests"], ["trends", "Trends"],
];

// tabOf is the tab that a view belongs to.
export const tabOf = (view) => ({ host: "hosts", piece: "equipment", run: "runs", test: "tests" })[view] || view;

const decode = (text) => { try { return decodeURIComponent(text); } catch (e) { return text; } };

export function readAddress() {
	const [, first, ...rest] = location.pathname.split("/").map(decode);
	const given = new URLSearchParams(location.search);
	const names = [...views.map(([name]) => name), "host", "piece", "run", "test"];
	look.view = names.includes(first) ? first : "overview";
	look.arg = { name: rest.join("/"), file: given.get("file") || "", test: given.get("name") || "", job: given.get("job"), hours: given.get("hours") };
	look.q = given.get("q") || "";
	look.only = given.get("only") || "";
	look.sort = given.get("sort") || "";
	look.desc = given.get("desc") === "1";
}

// writeAddress keeps how a view is filtered and sorted, without another step to go back.
export function writeAddress() {
	const given = new URLSearchParams(location.search);
	const set = (name, value) => (value ? given.set(name, value) : given.delete(name));
	set("q", look.q);
	set("only", look.only);
	set("sort", look.sort);
	set("desc", look.desc ? "1" : "");
	set("job", look.arg.job);
	set("hours", look.arg.hours);
	const search = given.toString();
	history.replaceState(history.state, "", location.pathname + (search ? "?" + search : ""));
}

export const to = {
	view: (name) => (name === "overview" ? "/" : "/" + name),
	host: (name) => "/host/" + encodeURIComponent(name),
	piece: (key) => "/piece/" + key.split("/").map(encodeURIComponent).join("/"),
	run: (id, job) => "/run/" + encodeURIComponent(id) + (job !== undefined ? "?job=" + job : ""),
	test: (file, name) => "/test?" + new URLSearchParams({ file, name }),
};

let moved = () => {};
export const onMove = (f) => { moved = f; };

// go shows another view.
export function go(path) {
	if (path !== location.pathname + location.search) history.pushState(null, "", path);
	readAddress();
	moved(true);
}

addEventListener("popstate", () => { readAddress(); moved(false); });

document.addEventListener("click", (event) => {
	const link = event.target.closest("a[href]");
	if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	const path = link.getAttribute("href");
	if (!path.startsWith("/") || path.startsWith("/api/") || path.startsWith("/metrics")) return;
	event.preventDefault();
	go(path);
});
