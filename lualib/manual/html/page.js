"use strict";

const entries = JSON.parse(document.getElementById("data").textContent);
const query = document.getElementById("query");
const found = document.getElementById("found");
const modules = document.getElementById("modules");
const most = 50; // that are shown

// score is how well an entry fits the words, 0 if one of them is not found.
function score(entry, words) {
	const name = entry.name.toLowerCase().replace(/\(.*/, "");
	const last = name.replace(/.*[.:]/, "");
	let total = 0;
	for (const word of words) {
		if (!entry.words.includes(word)) return 0;
		total += 1;
		if (name.includes(word)) total += 20;
		if (last.startsWith(word)) total += 40;
		if (last === word) total += 100;
		if (entry.summary.toLowerCase().includes(word)) total += 8;
	}
	return entry.kind === "type" ? total / 2 : total;
}

function row(entry) {
	const item = document.createElement("li");
	const link = document.createElement("a");
	const name = document.createElement("code");
	const summary = document.createElement("p");
	name.textContent = entry.name;
	link.href = entry.link;
	link.append(name);
	summary.textContent = entry.summary;
	item.append(link, summary);
	return item;
}

function search() {
	const words = query.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
	const hits = entries
		.map((entry) => ({ entry, score: score(entry, words) }))
		.filter((hit) => hit.score > 0)
		.sort((a, b) => b.score - a.score)
		.slice(0, most);
	modules.hidden = words.length > 0;
	found.hidden = words.length === 0;
	found.replaceChildren(...hits.map((hit) => row(hit.entry)));
	if (words.length > 0 && hits.length === 0) {
		const none = document.createElement("li");
		none.textContent = "Nothing has these words.";
		found.append(none);
	}
}

// The address keeps what is searched: index.html#q=free+port.
function fromAddress() {
	query.value = new URLSearchParams(location.hash.slice(1)).get("q") || "";
	search();
}

query.addEventListener("input", () => {
	history.replaceState(null, "", "#" + new URLSearchParams({ q: query.value }));
	search();
});
addEventListener("hashchange", fromAddress);
addEventListener("keydown", (event) => {
	if (event.key === "/" && document.activeElement !== query) {
		event.preventDefault();
		query.focus();
	}
});
fromAddress();
