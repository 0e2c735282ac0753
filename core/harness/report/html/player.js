// The player of recordings. The report has worked out what the terminal showed
// at each moment; this draws it.

// The colours of a terminal, which is dark on every page.
const terminal = { fg: "#d0d0d0", bg: "#14181e" };
const onTerminal = ["#000000", "#cd3131", "#0dbc79", "#c9b458", "#4a86e8", "#bc3fbc", "#11a8cd", "#e5e5e5",
	"#7a7a7a", "#f14c4c", "#23d18b", "#f5f543", "#7aaef5", "#d670d6", "#29b8db", "#ffffff"];

function terminalColour(value) {
	if (typeof value !== "number") return value;
	return value < 16 ? onTerminal[value] : palette(value);
}

function terminalStyle(style) {
	let fg = terminalColour(style.fg);
	let bg = terminalColour(style.bg);
	if (style.reverse) [fg, bg] = [bg || terminal.bg, fg || terminal.fg];
	return { ...style, fg, bg };
}

const clock = (seconds) => Math.floor(seconds / 60) + ":" + (Math.floor(seconds % 60 * 10) / 10).toFixed(1).padStart(4, "0");

// One player plays at a time, and none that is no longer in the page.
let stopPlaying = () => {};

function player(cast, name) {
	const styles = cast.styles.map(terminalStyle);
	const screen = h("pre", { class: "screen", role: "img", "aria-label": "Terminal: " + name });
	const lines = Array.from({ length: cast.rows }, () => screen.appendChild(h("div")));
	const button = h("button", { type: "button", onclick: () => (playing ? pause() : play()) }, "Play");
	const slider = h("input", { type: "range", min: 0, max: cast.seconds || 1, step: 0.01, value: 0, "aria-label": "Position", oninput: () => { pause(); seek(+slider.value); } });
	const time = h("span");
	const speed = h("button", { type: "button", "aria-label": "Speed", onclick: () => { rate = rate >= 4 ? 0.5 : rate * 2; speed.textContent = rate + "×"; } }, "1×");
	const content = lines.map(() => []); // the spans of each row
	let shown = -1; // number of the picture
	let at = 0;
	let rate = 1;
	let playing = false;

	function drawRow(row, cursor) {
		const pieces = [];
		for (let i = 0; i < content[row].length; i += 2) pieces.push(dress(h("span", null, content[row][i]), styles[content[row][i + 1]]));
		lines[row].replaceChildren(...(cursor === undefined ? pieces : withCursor(content[row], cursor)));
	}

	// withCursor draws a row with one character reversed.
	function withCursor(spans, col) {
		const pieces = [];
		let left = col;
		for (let i = 0; i < spans.length; i += 2) {
			const characters = [...spans[i]];
			const style = styles[spans[i + 1]];
			if (left >= 0 && left < characters.length) {
				const { fg, bg } = style;
				pieces.push(dress(h("span", null, characters.slice(0, left).join("")), style),
					dress(h("span", null, characters[left]), { ...style, fg: bg || terminal.bg, bg: fg || terminal.fg }),
					dress(h("span", null, characters.slice(left + 1).join("")), style));
			} else {
				pieces.push(dress(h("span", null, spans[i]), style));
			}
			left -= characters.length;
		}
		if (left >= 0) pieces.push(" ".repeat(left), dress(h("span", null, " "), { bg: terminal.fg }));
		return pieces;
	}

	// seek goes through the pictures that lie between, from the first one when
	// it goes back.
	function seek(to) {
		at = to;
		const before = shown >= 0 ? cast.pictures[shown].cursor : null;
		const changed = new Set(before ? [before[0]] : []);
		if (shown >= 0 && cast.pictures[shown].t > to) {
			shown = -1;
			content.forEach((_, row) => { content[row] = []; changed.add(row); });
		}
		while (shown + 1 < cast.pictures.length && (cast.pictures[shown + 1].t <= to || shown < 0)) {
			shown++;
			for (const { row, spans } of cast.pictures[shown].rows || []) {
				content[row] = spans;
				changed.add(row);
			}
		}
		const { cursor } = cast.pictures[shown];
		if (cursor) changed.add(cursor[0]);
		for (const row of changed) if (lines[row]) drawRow(row, cursor && cursor[0] === row ? cursor[1] : undefined);
		slider.value = to;
		time.textContent = clock(to) + " / " + clock(cast.seconds);
	}

	function pause() {
		playing = false;
		button.textContent = "Play";
	}

	function play() {
		stopPlaying();
		stopPlaying = pause;
		playing = true;
		button.textContent = "Pause";
		if (at >= cast.seconds) seek(0);
		let last = performance.now();
		(function go() {
			if (!playing) return;
			const now = performance.now();
			const next = at + (now - last) / 1000 * rate;
			last = now;
			seek(Math.min(next, cast.seconds));
			if (next >= cast.seconds || !screen.isConnected) pause();
			else setTimeout(go, 1000 / 30); // there are no more pictures than that
		})();
	}

	// fit makes the letters as large as the width allows.
	function fit() {
		const room = screen.clientWidth - 28;
		if (room > 0) screen.style.fontSize = Math.max(6, Math.min(14, room / cast.cols / 0.602)) + "px";
	}

	new ResizeObserver(fit).observe(screen);
	seek(cast.seconds); // how it ended says most
	return h("div", { class: "player" }, screen,
		h("div", { class: "controls" }, button, slider, time, speed));
}
