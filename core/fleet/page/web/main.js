// The frame of the page: login, contact, tabs, keys and the theme.
import { v, draw, mark, byId } from "./view.js";
import { tables, contact, connect, onChange, get, post } from "./store.js";
import { look, views, tabOf, to, readAddress, writeAddress, onMove, go } from "./look.js";
import { onRedraw, measure, sortNext, step } from "./table.js";
import { hosts, equipment, queue, runs } from "./views.js";
import { overview, verdict } from "./overview.js";
import { host, piece, test, tests, onLoad } from "./detail.js";
import { runView, leave, onNews } from "./run.js";
import { trends, onRange } from "./trends.js";
import { me } from "./act.js";
import { coarse, number, exact } from "./text.js";

const content = { overview, hosts, equipment: () => equipment(), queue, runs, tests, trends, host, piece, run: runView, test };

let scheduled = false;

// redraw changes what has changed, with the next picture of the browser.
function redraw() {
	if (scheduled) return;
	scheduled = true;
	const now = () => { if (scheduled) { scheduled = false; show(); } };
	requestAnimationFrame(now);
	if (document.hidden) setTimeout(now, 200);
}

function show() {
	if (!me.role) return;
	showContact();
	if (!contact.known) {
		draw(byId("main"), v("p", { class: "empty" }, contact.state === "lost" ? "" : "Connecting…"));
		return;
	}
	showTop();
	showTabs();
	if (look.view !== "run") leave("");
	draw(byId("main"), v("div", { key: look.view, class: "view" }, content[look.view]()));
	if (measure()) redraw();
}

let wasLost = 0; // when contact came back

function showContact() {
	const lost = contact.state === "lost";
	const quiet = (performance.now() - contact.moved) / 1000;
	const stale = contact.known && !lost && quiet > 6;
	document.body.classList.toggle("lost", lost);
	if (lost && wasLost >= 0) askWhy();
	if (lost) wasLost = -1;
	else if (wasLost < 0 && contact.state === "ok") wasLost = performance.now();
	const away = (performance.now() - contact.since) / 1000;
	const text = lost ? ["No contact with the hub for " + coarse(away) + ". ", contact.known ? "This is what was known at " + exact(contact.time) + ". " : "", "The page keeps trying."]
		: stale ? [(tables.hubs.size ? "No news from the hub that leads for " : "The hub answers, but has had no news of the lab for ") + coarse(quiet) + ". ", "This is what was known at " + exact(contact.time) + "."]
			: wasLost > 0 && performance.now() - wasLost < 3000 ? ["In contact again."] : [];
	draw(byId("contact"), text.length ? v("p", { class: lost ? "bad" : stale ? "bad" : "good" }, mark(lost || stale ? "warning" : "passed"), text.join("")) : null);
}

// askWhy finds out whether contact is lost because the login has ended.
async function askWhy() {
	try {
		await get("/api/me");
	} catch (error) {
		if (error.status === 401) {
			me.role = "";
			draw(byId("contact"));
			login("You are no longer logged in: the time is over, or the key was revoked.");
		} else if (contact.state === "lost") setTimeout(askWhy, 3000);
	}
}

function showTop() {
	const is = verdict();
	document.title = is.text + " – lab";
	const lab = tables.lab.get("") || {};
	draw(byId("top"),
		v("div", { class: "headline" }, v("p", { class: is.bad ? "verdict bad" : "verdict" }, v("a", { href: "/" }, is.text)), v("p", { class: "sums" }, is.facts.map((fact) => v("span", { key: fact.replace(/[\d,]+/g, "") }, fact)))),
		v("div", { class: "side" },
			v("span", { class: "who", title: me.keys ? "logged in as " + me.role : "this lab has no keys" }, me.keys ? me.name : lab.hub),
			me.keys ? v("button", { type: "button", onclick: logout }, "Log out") : null,
			v("button", { type: "button", id: "theme", "aria-label": "Theme: " + theme, title: "Theme", onclick: nextTheme }, mark("theme"), v("span", {}, theme)),
			v("button", { type: "button", class: "keys-button", "aria-label": "Keys", title: "Keys", onclick: showKeys }, "?")));
}

let shownTab = "";

function showTabs() {
	const counts = { hosts: tables.hosts.size, equipment: tables.equipment.size, queue: [...tables.queue.values()].reduce((sum, wait) => sum + wait.jobs, 0), runs: tables.runs.size };
	draw(byId("tabs"), views.map(([name, label]) => v("a", { key: name, href: to.view(name), "aria-current": tabOf(look.view) === name ? "page" : null }, label, counts[name] ? v("b", {}, number(counts[name])) : null)));
	if (shownTab !== tabOf(look.view)) {
		shownTab = tabOf(look.view);
		byId("tabs").querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
	}
}

const themes = ["auto", "light", "dark"];
let theme = "auto";
try { theme = localStorage.getItem("theme") || "auto"; } catch (e) { /* then it is not remembered */ }

function setTheme(name) {
	theme = themes.includes(name) ? name : "auto";
	if (theme === "auto") document.documentElement.removeAttribute("data-theme");
	else document.documentElement.dataset.theme = theme;
}

function nextTheme() {
	setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
	try { localStorage.setItem("theme", theme); } catch (e) { /* as above */ }
	redraw();
}

const keyList = [["1 … 7", "the views"], ["/", "filter"], ["Esc", "clear the filter, or go back"], ["j k", "next and previous row"], ["Enter", "open the row"], ["s", "sort by the next column"], ["S", "the other way round"], ["t", "theme"], ["?", "this list"]];

function showKeys() {
	const dialog = byId("dialog");
	draw(dialog, v("form", { key: "keys", method: "dialog" }, v("h2", {}, "Keys"), v("dl", { class: "keys" }, keyList.map(([key, does]) => [v("dt", {}, v("kbd", {}, key)), v("dd", {}, does)])), v("div", { class: "actions" }, v("button", { type: "submit" }, "Close"))));
	dialog.showModal();
}

// escape clears the filter, then closes a job, then goes up.
function escape() {
	if (look.q || look.only) Object.assign(look, { q: "", only: "" });
	else if (look.arg.job) look.arg.job = null;
	else if (tabOf(look.view) !== look.view) { go(to.view(tabOf(look.view))); return; }
	writeAddress();
	redraw();
}

addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
	const { target, key } = event;
	if (target.tagName === "INPUT" || target.tagName === "TEXTAREA") {
		if (target.id !== "query") return;
		if (key === "Escape") { look.q = ""; writeAddress(); redraw(); target.blur(); }
		if (key === "ArrowDown" || key === "Enter") { target.blur(); step(1); event.preventDefault(); }
		return;
	}
	const act = {
		"/": () => byId("query") && byId("query").focus(), "?": showKeys, Escape: escape, t: nextTheme,
		j: () => step(1), k: () => step(-1), s: () => sortNext(false), S: () => sortNext(true),
	}[key] || (views[key - 1] ? () => go(to.view(views[key - 1][0])) : null);
	if (!act) return;
	event.preventDefault();
	act();
});

addEventListener("scroll", redraw, { passive: true });
addEventListener("resize", redraw);
for (const listen of [onChange, onRedraw, onLoad, onNews, onRange]) listen(redraw);
onMove((forward) => {
	if (forward) { scrollTo(0, 0); byId("main").focus({ preventScroll: true }); }
	redraw();
});

async function logout() {
	await post("/logout", {});
	location.assign("/");
}

// login asks for a key. A link has it after "#", from where it goes away at once.
function login(error) {
	const submit = async (event) => {
		event.preventDefault();
		start(byId("key").value.trim());
	};
	draw(byId("top"));
	draw(byId("tabs"));
	draw(byId("main"), v("form", { class: "login", onsubmit: submit },
		v("h1", {}, "This lab asks who you are"),
		v("p", {}, "Open the link that ", v("code", {}, "avescript lab page"), " prints, or paste the key from it."),
		v("label", {}, "Key", v("input", { id: "key", type: "password", autocomplete: "off", required: true })),
		error ? v("p", { class: "is-failed", role: "alert" }, error) : null,
		v("div", { class: "actions" }, v("button", { type: "submit", class: "primary" }, "Log in"))));
}

// start shows the lab to whoever has logged in. A link that is no longer valid does not matter
// to somebody who has logged in before.
async function start(key) {
	let refused = "";
	try {
		if (key) await post("/login", { key }).catch((error) => { if (!error.status) throw error; refused = error.message; });
		Object.assign(me, await get("/api/me"));
	} catch (error) {
		if (error.status === 401) login(refused);
		else {
			contact.state = "lost";
			draw(byId("contact"), v("p", { class: "bad" }, "The hub does not answer. The page keeps trying."));
			setTimeout(() => start(key), 2000);
		}
		return;
	}
	connect();
	redraw();
}

setTheme(theme);
readAddress();
const given = new URLSearchParams(location.hash.slice(1)).get("key");
if (given) history.replaceState(null, "", location.pathname + location.search);
start(given);
