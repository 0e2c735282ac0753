// The first view: what needs somebody, what runs, what waits, and all hosts at a glance.
import { v, mark } from "./view.js";
import { tables } from "./store.js";
import { to } from "./look.js";
import { ago, during, until, number, plural, pieceName } from "./text.js";
import { hostsOf, hubsOf, hubName, link, soft, joined, loadBar, isAway, runsOf, isOver, progress, sums, queueOf, piecesOf, whoOf, whyOf, pieceLabel, bar } from "./views.js";

const inUse = (piece) => piece.state === "held" || piece.state === "taken";
const fewHosts = 60; // up to here they have names

const mostAlike = 4;

// troubles are what somebody should look at, the worst first.
export function troubles() {
	const list = [];
	const hosts = hostsOf();
	// add names things one by one, or counts them if they are many.
	const add = (things, sign, line, many, href) => {
		if (things.length > mostAlike) list.push({ key: many, mark: sign, href, name: number(things.length) + " " + many, text: null });
		else for (const thing of things) list.push({ key: sign + thing.key, mark: sign, ...line(thing) });
	};
	const away = hubsOf().filter((hub) => hub.away);
	add(away, "away", (hub) => ({ name: "hub " + hubName(hub), text: "cannot be reached" + (away.length === 1 ? ": if one more is lost, the lab stops" : "") }), "hubs cannot be reached");
	const one = (host, ...text) => ({ href: to.host(host.name), name: host.name, text });
	for (const [name, word] of [["lost", "lost "], ["silent", "silent for "]]) {
		add(hosts.filter((host) => host.state === name), name, (host) => one(host, word, name === "lost" ? ago(host.since) : during(host.since)), "hosts are " + name, "/hosts?only=" + name);
	}
	add(hosts.filter((host) => host.broker), "warning", (host) => one(host, "broker: ", host.broker), "hosts have a problem with their broker", "/hosts?q=broker:");
	for (const name of ["draining", "leaving"]) {
		add(hosts.filter((host) => host.state === name), name, (host) => one(host, joined([name, " for ", during(host.since)], host.reason)), "hosts are " + name, "/hosts?only=" + name);
	}
	add(piecesOf().filter((piece) => piece.state === "aside"), "aside",
		(piece) => ({ href: to.piece(piece.key), name: pieceName(piece.profile).main + " on " + piece.host, text: joined(["set aside ", ago(piece.since)], piece.reason) }),
		"pieces of equipment are set aside", "/equipment?only=aside");
	return list;
}

const section = (key, title, more, ...content) => v("section", { key, class: "panel " + key }, v("h2", {}, title, more ? v("span", { class: "more" }, more) : null), content);

function troublePanel() {
	const list = troubles();
	if (!list.length) return null;
	const most = 10;
	return section("attention", "Needs attention", null, v("ul", { class: "lines" }, list.slice(0, most).map((trouble) =>
		v("li", { key: trouble.key }, mark(trouble.mark), v("span", { class: "grow" }, trouble.href ? link(trouble.href, trouble.name) : trouble.name, " ", v("span", { class: "soft" }, trouble.text))))),
	list.length > most ? v("p", { class: "rest" }, "and " + number(list.length - most) + " more") : null);
}

function runsPanel() {
	const all = runsOf();
	const list = [...all.filter((run) => !isOver(run)), ...all.filter(isOver).slice(0, 4)].slice(0, 8);
	return section("active", "Runs", all.length > list.length ? link("/runs", "all " + number(all.length)) : null, list.length
		? v("ul", { class: "lines" }, list.map((run) => v("li", { key: run.run, class: "run" }, mark(run.state),
			v("span", { class: "grow" }, joined(link(to.run(run.run), run.title || run.run, { title: run.run }), soft(run.user))),
			v("span", { class: "sums" }, sums(run)), v("span", { class: "when soft" }, isOver(run) ? ago(run.ended) : during(run.submitted)), progress(run))))
		: v("p", { class: "empty" }, "No run yet. “avescript test --fleet tests/” submits one."));
}

function queuePanel() {
	const all = queueOf();
	const most = 6;
	const jobs = all.reduce((sum, wait) => sum + wait.jobs, 0);
	return section("waits", "Waiting", all.length > most ? link("/queue", "all " + number(jobs) + " jobs") : null, all.length
		? v("ul", { class: "lines" }, all.slice(0, most).map((wait) => v("li", { key: wait.key, class: "wait" },
			v("span", { class: "grow" }, link(to.run(wait.run), wait.first), wait.jobs > 1 ? soft(" and " + number(wait.jobs - 1) + " more") : null),
			v("span", { class: "when soft" }, joined(wait.user, during(wait.since))), v("span", { class: "why" }, wait.why))))
		: v("p", { class: "empty" }, "Nothing waits."));
}

function usedPanel() {
	const all = piecesOf();
	if (!all.length) return null;
	const used = all.filter(inUse).sort((a, b) => (a.until || Infinity) - (b.until || Infinity) || a.since - b.since);
	const most = 8;
	return section("used", "Equipment in use", link("/equipment", `${number(used.length)} of ${number(all.length)}`), used.length
		? v("ul", { class: "lines" }, used.slice(0, most).map((piece) => v("li", { key: piece.key, class: "piece" }, mark(piece.state),
			v("span", { class: "grow" }, link(to.piece(piece.key), pieceLabel(piece.profile)), soft(" on ", piece.host)),
			v("span", { class: "when soft" }, piece.until ? ["free ", until(piece.until)] : null),
			v("span", { class: "why" }, joined(whoOf(piece), during(piece.since), whyOf(piece))))))
		: v("p", { class: "empty" }, all.every((piece) => piece.state === "free") ? "All of it is free." : "None is in use; " + number(all.filter((piece) => piece.state === "free").length) + " of " + plural(all.length, "piece") + " can be had."));
}

function hostsPanel() {
	const hosts = hostsOf();
	const named = hosts.length <= fewHosts;
	return section("grid", "Hosts", hosts.length ? link("/hosts", "all " + number(hosts.length)) : null, hosts.length
		? v("div", { class: named ? "cards" : hosts.length > 300 ? "cells many" : "cells" }, hosts.map((host) => (named ? card(host) : cell(host))))
		: v("p", { class: "empty" }, "No host has joined yet."));
}

const card = (host) => v("a", { key: host.name, class: "card is-" + host.state, href: to.host(host.name), title: hostLabel(host) },
	v("span", { class: "name" }, mark(host.state), v("b", {}, host.name)),
	isAway(host) ? v("span", { class: "bar" }) : loadBar(host));

const hostLabel = (host) => `${host.name}: ${host.state}${isAway(host) ? "" : `, ${host.used || 0} of ${host.cores} cores`}`;

// cell is a host among many: how full it is, and its state.
const cell = (host) => {
	const share = Math.min(1, (host.used || 0) / (host.cores || 1));
	const level = isAway(host) ? "" : " fill-" + Math.ceil(share * 4);
	const label = hostLabel(host);
	return v("a", { key: host.name, class: "host is-" + host.state + level, href: to.host(host.name), title: label, "aria-label": label, tabindex: -1 });
};

function usersPanel() {
	const users = [...tables.users.values()].filter((user) => user.running || user.waiting).sort((a, b) => b.running - a.running || b.waiting - a.waiting);
	if (!users.length) return null;
	const most = Math.max(...users.map((user) => Math.max(user.running, user.quota || 0)), 1);
	return section("users", "Users", null, v("ul", { class: "lines" }, users.slice(0, 8).map((user) => v("li", { key: user.name, class: "user" },
		v("span", { class: "grow" }, user.name), bar([["used", user.running]], most, plural(user.running, "core")),
		v("span", { class: "sums" }, plural(user.running, "core"), user.quota ? soft(" of " + user.quota) : null), v("span", { class: "when soft" }, user.waiting ? number(user.waiting) + " wait" : null)))));
}

const hubLine = (hub) => v("li", { key: hub.name, class: "hub" }, mark(hub.away ? "away" : "up"),
	v("span", { class: "grow" }, hubName(hub)), v("span", { class: hub.away ? "when is-away" : "when soft" }, hub.away ? "cannot be reached" : hub.leads ? "leads" : "is connected"));

function hubsPanel() {
	const hubs = hubsOf();
	return hubs.length ? section("hubs", "Hubs", null, v("ul", { class: "lines" }, hubs.map(hubLine))) : null;
}

// start is the overview of a lab without hosts.
const start = () => v("ol", { class: "start" },
	v("li", {}, "On the hub: ", v("code", {}, "avescript lab invite"), " prints a line with which a host joins."),
	v("li", {}, "On the host: run that line. The host appears here at once."),
	v("li", {}, "Anywhere: ", v("code", {}, "avescript test --fleet tests/"), " runs tests on the hosts. A user joins with a line of ", v("code", {}, "invite --role user"), "."));

export const overview = () => (tables.hosts.size || tables.runs.size ? full() : [start(), hubsPanel()]);

const full = () => v("div", { class: "overview" },
	v("div", { key: "left", class: "column" }, troublePanel(), runsPanel(), queuePanel()),
	v("div", { key: "right", class: "column" }, hostsPanel(), usedPanel(), usersPanel(), hubsPanel()));

// verdict is the lab in a sentence, and figures.
export function verdict() {
	const hosts = hostsOf();
	const away = hosts.filter(isAway);
	const facts = [];
	const hubs = hubsOf();
	if (hubs.some((hub) => hub.away)) facts.push(`${number(hubs.filter((hub) => !hub.away).length)} of ${plural(hubs.length, "hub")} connected`);
	if (hosts.length) {
		const up = hosts.filter((host) => !isAway(host));
		const sum = (list, name) => list.reduce((n, row) => n + (row[name] || 0), 0);
		facts.push(`${number(sum(up, "used"))} of ${plural(sum(up, "cores"), "core")} used`);
		const pieces = [...tables.equipment.values()];
		if (pieces.length) facts.push(`${number(pieces.filter(inUse).length)} of ${plural(pieces.length, "piece")} in use`);
	}
	const running = hosts.reduce((n, host) => n + (host.jobs || []).length, 0);
	const waiting = queueOf().reduce((n, wait) => n + wait.jobs, 0);
	facts.push(`${plural(running, "job")} ${running === 1 ? "runs" : "run"}, ${number(waiting)} ${waiting === 1 ? "waits" : "wait"}`);
	if (!hosts.length) return { text: "This lab has no hosts yet", bad: false, facts: [] };
	if (!away.length) return { text: hosts.length === 1 ? "The only host is up" : `All ${number(hosts.length)} hosts are up`, bad: false, facts };
	const names = away.length <= 2 ? away.map((host) => host.name).join(" and ") : `${number(away.length)} of ${number(hosts.length)} hosts`;
	const lost = away.some((host) => host.state === "lost");
	return { text: `${names} ${away.length === 1 ? "is" : "are"} ${lost ? "lost" : "silent"}`, bad: lost, facts };
}
