// The timeline: a lane for each worker, on it the files that it ran, and on these
// each attempt of a test as long as it took. Where there is no file, it was idle.

const timeline = {
	element: byId("timeline"),
	canvas: document.querySelector("#timeline canvas"),
	tip: byId("tip"),
	lanes: [], // numbers of workers
	bars: [], // {test, attempt, lane}
	spans: [], // of files, {file, start, seconds, lane}
	shown: new Set(), // tests that the filter lets through
	laneHeight: 16,
	left: 0, // width of the labels
};

const axis = 20; // height of the line with the times

function buildTimeline() {
	for (const test of tests) {
		for (const attempt of attemptsOf(test)) {
			if (attempt.start >= 0 && attempt.status !== "pending") timeline.bars.push({ test, attempt });
		}
	}
	const known = (run.spans || []).filter((span) => span.start >= 0);
	timeline.lanes = [...new Set([...timeline.bars.map((bar) => bar.attempt), ...known].map((ran) => ran.worker || 0))].sort((a, b) => a - b);
	for (const bar of timeline.bars) bar.lane = timeline.lanes.indexOf(bar.attempt.worker || 0);
	timeline.spans = known.map((span) => ({ ...span, lane: timeline.lanes.indexOf(span.worker || 0) }));
	timeline.element.hidden = timeline.bars.length < 2;
	timeline.left = timeline.lanes.length > 1 ? 28 : 0;
	timeline.laneHeight = timeline.lanes.length > 8 ? 10 : 16;
	timeline.seconds = timeline.bars.reduce((end, { attempt }) => Math.max(end, attempt.start + attempt.seconds), run.seconds) || 1;
}

// busyShare is how much of the time workers had a file.
const busyShare = () => timeline.spans.reduce((sum, span) => sum + span.seconds, 0) / timeline.lanes.length / timeline.seconds;

// colour resolves a variable of the style sheet, which depends on the theme.
function colour(name) {
	const probe = h("i");
	probe.style.color = `var(--${name})`;
	timeline.element.append(probe);
	const value = getComputedStyle(probe).color;
	probe.remove();
	return value;
}

// stretch is where something is that took time, in pixels of the page.
function stretch({ start, seconds }, width) {
	const scale = (width - timeline.left) / timeline.seconds;
	return { x: timeline.left + start * scale, w: seconds * scale };
}

function place(bar, width) {
	const { x, w } = stretch(bar.attempt, width);
	const least = bar.attempt.status === "passed" ? 0.5 : 3;
	return { x, y: bar.lane * timeline.laneHeight + 2, w: Math.max(least, w > 4 ? w - 1 : w), h: timeline.laneHeight - 4 };
}

function drawTimeline() {
	const { element, canvas, lanes, bars, laneHeight } = timeline;
	if (element.hidden) return;
	const width = element.clientWidth;
	const height = lanes.length * laneHeight + axis;
	const ratio = window.devicePixelRatio || 1;
	canvas.width = width * ratio;
	canvas.height = height * ratio;
	canvas.style.height = height + "px";
	const pen = canvas.getContext("2d");
	pen.scale(ratio, ratio);
	pen.font = "11px " + getComputedStyle(document.body).fontFamily;
	pen.textBaseline = "middle";
	drawLanes(pen, width);
	const fills = {};
	for (const name of ["passed", "failed", "error", "pending", "xfailed", "quarantined", "flaky", "text"]) fills[name] = colour(name);
	fills.xpassed = fills.failed;
	// What went wrong is drawn last, so that nothing that passed hides it.
	const order = (bar) => (bar.test.index === wanted.test ? 2 : bar.attempt.status === "passed" ? 0 : 1);
	for (const bar of [...bars].sort((a, b) => order(a) - order(b))) {
		const { x, y, w, h: tall } = place(bar, width);
		const final = bar.attempt === bar.test;
		const well = final && bar.attempt.status === "passed";
		pen.globalAlpha = !timeline.shown.has(bar.test) ? 0.15 : well ? 0.6 : 1;
		pen.fillStyle = fills[final ? bar.test.look : bar.attempt.status] || fills.error;
		pen.fillRect(x, y, w, tall);
		if (bar.attempt.died) { // another worker took over
			pen.globalAlpha = 1;
			pen.fillStyle = fills.text;
			pen.fillRect(x + w - 1, y - 2, 2, tall + 4);
		}
		if (bar.test.index === wanted.test) {
			pen.globalAlpha = 1;
			pen.strokeStyle = fills.text;
			pen.lineWidth = 2;
			pen.strokeRect(x - 1, y, w + 2, tall);
		}
	}
}

function drawLanes(pen, width) {
	const { lanes, laneHeight, left, seconds, spans } = timeline;
	pen.fillStyle = colour("raised");
	lanes.forEach((_, lane) => pen.fillRect(left, lane * laneHeight + 1, width - left, laneHeight - 2));
	pen.fillStyle = colour("line");
	for (const span of spans) {
		const { x, w } = stretch(span, width);
		pen.fillRect(x, span.lane * laneHeight + 1, Math.max(1, w - 1), laneHeight - 2);
	}
	pen.fillStyle = colour("soft");
	if (left) lanes.forEach((worker, lane) => pen.fillText(String(worker), 0, lane * laneHeight + laneHeight / 2 + 0.5));
	const step = niceStep(seconds / Math.max(2, (width - left) / 110));
	for (let at = 0; at <= seconds; at += step) {
		const x = left + at * (width - left) / seconds;
		pen.textAlign = at === 0 ? "left" : "center";
		const label = at === 0 ? "0" : seconds < 1.5 ? Math.round(at * 1000) + " ms" : Math.round(at * 100) / 100 + " s";
		if (x + 24 < width || at === 0) pen.fillText(label, x, lanes.length * laneHeight + axis / 2 + 2);
	}
	pen.textAlign = "left";
}

// niceStep is the next larger of 1, 2 or 5 times a power of ten.
function niceStep(least) {
	const power = 10 ** Math.floor(Math.log10(least));
	return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least);
}

function barAt(event) {
	const box = timeline.canvas.getBoundingClientRect();
	const x = event.clientX - box.left;
	const lane = Math.floor((event.clientY - box.top) / timeline.laneHeight);
	let best = null;
	let nearest = 4; // pixels that one may miss by
	for (const bar of timeline.bars) {
		if (bar.lane !== lane) continue;
		const at = place(bar, box.width);
		const far = x < at.x ? at.x - x : Math.max(0, x - at.x - at.w);
		if (far < nearest || (far === nearest && best && bar.test.bad && !best.test.bad)) {
			best = bar;
			nearest = far;
		}
	}
	return best;
}

// spanAt is the file that a worker had at a place.
function spanAt(event) {
	const box = timeline.canvas.getBoundingClientRect();
	const lane = Math.floor((event.clientY - box.top) / timeline.laneHeight);
	const at = event.clientX - box.left;
	return timeline.spans.find((span) => {
		const { x, w } = stretch(span, box.width);
		return span.lane === lane && at >= x && at <= x + w;
	});
}

// about is what there is to say of a place: the first line is its name.
function about(bar, span) {
	if (!bar) return [files[span.file].name, duration(span.seconds)];
	const { test, attempt } = bar;
	const tried = attempt.attempt > 1 || test.earlier ? `, attempt ${attempt.attempt}` : "";
	const facts = `${words[attempt === test ? test.look : attempt.status] || attempt.status}${tried}, ${duration(attempt.seconds)}`;
	return [titleOf(test), facts + (attempt.died ? ", the worker died" : "") + (attempt.host ? ", on " + attempt.host : ""), files[test.file].name];
}

timeline.canvas.addEventListener("mousemove", (event) => {
	const bar = barAt(event);
	const span = bar ? null : spanAt(event);
	timeline.tip.hidden = !bar && !span;
	timeline.canvas.style.cursor = timeline.tip.hidden ? "default" : "pointer";
	if (timeline.tip.hidden) return;
	const [name, ...facts] = about(bar, span);
	timeline.tip.replaceChildren(h("b", null, name), ...facts.map((fact) => h("span", null, fact)));
	const { style } = timeline.tip;
	style.left = 0; // where all of the width is free
	style.left = Math.max(8, Math.min(event.clientX + 12, innerWidth - timeline.tip.offsetWidth - 8)) + "px";
	style.top = event.clientY + 16 + "px";
});
timeline.canvas.addEventListener("mouseleave", () => { timeline.tip.hidden = true; });
timeline.canvas.addEventListener("click", (event) => {
	const bar = barAt(event);
	const span = bar ? null : spanAt(event);
	if (bar) showTest(bar.test);
	else if (span) search(files[span.file].name);
});
