// Plots of how busy the lab was.
import { v } from "./view.js";
import { look, writeAddress } from "./look.js";
import { fetched } from "./detail.js";
import { chart } from "./chart.js";
import { coarse, number } from "./text.js";

const ranges = [["1", "1 hour"], ["6", "6 hours"], ["24", "1 day"], ["336", "2 weeks"]];
let redraw = () => {};
export const onRange = (f) => { redraw = f; };

export function trends() {
	const hours = ranges.some(([value]) => value === look.arg.hours) ? look.arg.hours : "6";
	const data = fetched("/api/series?hours=" + hours, String(Math.floor(Date.now() / 10000)));
	const samples = data.value || [];
	const plot = (key, title, lines, text) => v("section", { key, class: "panel plot" }, v("h2", {}, title), chart(samples, lines, text, Number(hours) * 3600));
	return v("div", { class: "trends" },
		v("div", { class: "tools" }, v("div", { class: "chips", role: "group", "aria-label": "Time" }, ranges.map(([value, label]) => v("button", {
			key: value, type: "button", "aria-pressed": String(value === hours), onclick: () => { look.arg.hours = value; writeAddress(); redraw(); },
		}, label)))),
		samples.length < 2 ? v("p", { class: "empty" }, data.error || "There are no samples yet. One is taken every ten seconds.") : v("div", { class: "plots" },
			plot("cores", "Cores", [["used", "used", true], ["cores", "of hosts that are up", false]], number),
			plot("jobs", "Jobs", [["running", "running", true], ["waiting", "waiting", false]], number),
			plot("longest", "Longest wait", [["longest", "of a job in the queue", true]], coarse),
			plot("held", "Equipment", [["held", "not free", true], ["pieces", "all", false]], number)));
}
