// A plot of one or two values over time, as SVG.
import { v } from "./view.js";
import { exact, clock } from "./text.js";

const wide = 640;
const high = 150;
const left = 44;
const bottom = 20;

// nice is the next round number.
function nice(most) {
	if (!(most > 0)) return 1;
	const unit = 10 ** Math.floor(Math.log10(most));
	return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((n) => n * unit).find((n) => n >= most);
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320].map((minutes) => 60 * minutes);

// ticks are round times, at most five, in the time zone of the reader.
function ticks(start, end) {
	const step = steps.find((seconds) => (end - start) / seconds <= 5) || steps.at(-1);
	const zone = 60 * new Date(end * 1000).getTimezoneOffset();
	const list = [];
	for (let time = Math.ceil((start - zone) / step) * step + zone; time <= end - (end - start) / 30; time += step) list.push(time);
	return list.length ? list : [start];
}

// gaps: a line is broken where no samples were taken.
function lines(samples, x, y, name, area) {
	let path = "";
	let from = null;
	let before = null;
	const close = () => { if (area && from !== null) path += `L${before},${y(0).toFixed(1)}L${from},${y(0).toFixed(1)}Z`; };
	samples.forEach((sample, i) => {
		const at = x(sample.time).toFixed(1);
		if (i === 0 || sample.time - samples[i - 1].time > 700) { close(); path += `M${at},${y(sample[name]).toFixed(1)}`; from = at; } else path += `L${at},${y(sample[name]).toFixed(1)}`;
		before = at;
	});
	close();
	return path;
}

// chart draws lines: [name of the value, label, whether the area below is filled]. It ends
// with the newest sample.
export function chart(samples, parts, text, seconds) {
	const end = samples.at(-1).time;
	const start = Math.max(end - seconds, samples[0].time);
	const most = nice(Math.max(...samples.flatMap((sample) => parts.map(([name]) => sample[name] || 0))));
	const x = (time) => left + (wide - left - 4) * (time - start) / Math.max(1, end - start);
	const y = (value) => 6 + (high - bottom - 6) * (1 - (value || 0) / most);
	const last = samples.at(-1);
	const label = parts.map(([name, words]) => `${text(last[name] || 0)} ${words}`).join(", ");
	const times = ticks(start, end);
	const show = (time) => (end - start > 36 * 3600 ? new Date(time * 1000).toLocaleDateString(undefined, { month: "short", day: "numeric" }) : clock(time));
	return v("figure", { onpointermove: (event) => point(event, samples, parts, text, start, end), onpointerleave: (event) => { event.currentTarget.querySelector(".at").textContent = ""; event.currentTarget.querySelector(".cursor").setAttribute("d", ""); } },
		v("figcaption", {}, parts.map(([name, words], i) => v("span", { key: name, class: "series-" + i }, v("b", {}, text(last[name] || 0)), " " + words)), v("span", { class: "at", opaque: true })),
		v("svg", { class: "chart", viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": "Now: " + label },
			[0, 0.5, 1].map((share) => v("g", { key: "y" + share }, v("path", { class: "rule", d: `M${left},${y(most * share).toFixed(1)}H${wide - 4}` }), words(left - 6, y(most * share) + 4, text(most * share), "end"))),
			times.map((time) => v("g", { key: "x" + time }, words(x(time), high - 4, show(time), x(time) < left + 20 ? "start" : "middle"))),
			parts.map(([name, , area], i) => [area ? v("path", { key: "a" + name, class: "area series-" + i, d: lines(samples, x, y, name, true) }) : null, v("path", { key: "l" + name, class: "line series-" + i, d: lines(samples, x, y, name, false) })]),
			v("path", { key: "cursor", class: "cursor", opaque: true })));
}

const words = (x, y, text, anchor) => v("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor }, text);

// point says what the values were where the pointer is.
function point(event, samples, parts, text, start, end) {
	const box = event.currentTarget.querySelector("svg").getBoundingClientRect();
	const at = (event.clientX - box.left) / box.width * wide;
	const time = start + (at - left) / (wide - left - 4) * (end - start);
	let nearest = samples[0];
	for (const sample of samples) if (Math.abs(sample.time - time) < Math.abs(nearest.time - time)) nearest = sample;
	const x = left + (wide - left - 4) * (nearest.time - start) / Math.max(1, end - start);
	event.currentTarget.querySelector(".cursor").setAttribute("d", `M${x.toFixed(1)},6V${high - bottom}`);
	event.currentTarget.querySelector(".at").textContent = exact(nearest.time) + ": " + parts.map(([name, label]) => `${text(nearest[name] || 0)} ${label}`).join(", ");
}
