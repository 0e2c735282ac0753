// The timeline: a lane for each worker, and on it each attempt of a test as
// long as it took.

const timeline = {
	element: byId("timeline"),
	canvas: document.querySelector("#timeline canvas"),
	tip: byId("tip"),
	lanes: [], // numbers of workers
	bars: [], // {test, attempt, lane}
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
	timeline.lanes = [...new Set(timeline.bars.map((bar) => bar.attempt.worker || 0))].sort((a, b) => a - b);
	for (const bar of timeline.bars) bar.lane = timeline.lanes.indexOf(bar.attempt.worker || 0);
	timeline.element.hidden = timeline.bars.length < 2;
	timeline.left = timeline.lanes.length > 1 ? 28 : 0;
	timeline.laneHeight = timeline.lanes.length > 8 ? 10 : 16;
	timeline.seconds = Math.max(run.seconds, ...timeline.lanes.map((_, lane) => endOf(lane))) || 1;
}

const endOf = (lane) => timeline.bars.reduce((end, bar) => bar.lane === lane ? Math.max(end, bar.attempt.start + bar.attempt.seconds) : end, 0);

// colour resolves a variable of the style sheet, which depends on the theme.
function colour(name) {
	const probe = h("i");
	probe.style.color = `var(--${name})`;
	timeline.element.append(probe);
	const value = getComputedStyle(probe).color;
	probe.remove();
	return value;
}

// place is where a bar is, in pixels of the page.
function place(bar, width) {
	const scale = (width - timeline.left) / timeline.seconds;
	const x = timeline.left + bar.attempt.start * scale;
	const w = bar.attempt.seconds * scale;
	const least = bar.attempt.status === "passed" ? 0.5 : 3;
	return { x, y: bar.lane * timeline.laneHeight + 1, w: Math.max(least, w > 4 ? w - 1 : w), h: timeline.laneHeight - 2 };
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
	for (const name of ["passed", "failed", "error", "pending", "xfailed", "quarantined", "flaky"]) fills[name] = colour(name);
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
		if (bar.test.index === wanted.test) {
			pen.globalAlpha = 1;
			pen.strokeStyle = colour("text");
			pen.lineWidth = 2;
			pen.strokeRect(x - 1, y, w + 2, tall);
		}
	}
}

function drawLanes(pen, width) {
	const { lanes, laneHeight, left, seconds } = timeline;
	pen.fillStyle = colour("raised");
	lanes.forEach((_, lane) => pen.fillRect(left, lane * laneHeight + 1, width - left, laneHeight - 2));
	pen.fillStyle = colour("faint");
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

timeline.canvas.addEventListener("mousemove", (event) => {
	const bar = barAt(event);
	timeline.tip.hidden = !bar;
	timeline.canvas.style.cursor = bar ? "pointer" : "default";
	if (!bar) return;
	const tried = bar.attempt.attempt > 1 || bar.test.earlier ? `, attempt ${bar.attempt.attempt}` : "";
	timeline.tip.replaceChildren(h("b", null, titleOf(bar.test)),
		h("span", null, `${words[bar.attempt === bar.test ? bar.test.look : bar.attempt.status] || bar.attempt.status}${tried}, ${duration(bar.attempt.seconds)}`));
	const { style } = timeline.tip;
	style.left = Math.min(event.clientX + 12, innerWidth - timeline.tip.offsetWidth - 8) + "px";
	style.top = event.clientY + 16 + "px";
});
timeline.canvas.addEventListener("mouseleave", () => { timeline.tip.hidden = true; });
timeline.canvas.addEventListener("click", (event) => {
	const bar = barAt(event);
	if (bar) showTest(bar.test);
});
