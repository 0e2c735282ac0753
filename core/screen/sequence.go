package screen

import (
	"bytes"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// This file obeys control characters and sequences. The emulator handles most of them.
// Here are the queries, and what the emulator does differently from xterm.

// The colours that programs get when they ask.
const (
	foregroundReply = "rgb:d0d0/d0d0/d0d0"
	backgroundReply = "rgb:1414/1818/1e1e"
)

// deviceAttributes is the identification of the screen: a VT220 with 132 columns,
// selective erase and colours.
const deviceAttributes = "\x1b[?62;1;6;22c"

func (s *Screen) control(b byte) {
	s.print.last = nil
	if b != bel {
		s.cursorMoved([]byte{b})
	}
}

// escape obeys ESC and the following characters, except ESC [ and strings.
func (s *Screen) escape(seq []byte) {
	switch string(seq[1:]) {
	case "c": // RIS
		_, _ = s.emu.Write(seq)
		s.print, s.title = printer{}, ""
		s.resetModes()
		clear(s.margins)
	case "E": // NEL
		s.cursorMoved([]byte("\x1bD\r"))
	case "Z": // DECID
		s.reply(deviceAttributes)
	case "D", "M", "8": // IND, RI, DECRC
		s.cursorMoved(seq)
	default:
		_, _ = s.emu.Write(seq)
	}
}

// cursorMoved emits a sequence after which no wrap is pending.
func (s *Screen) cursorMoved(seq []byte) {
	s.print.edge = false
	_, _ = s.emu.Write(seq)
}

// controlString obeys an OSC. Other strings are ignored, and so are links, the
// clipboard and the like.
func (s *Screen) controlString(seq []byte) {
	if seq[1] != ']' {
		return
	}
	number, text, _ := bytes.Cut(seq[2:], []byte(";"))
	switch kind := string(number); kind {
	case "0", "2":
		s.title = strings.ToValidUTF8(string(text), "\uFFFD")
	case "10", "11", "12":
		color := foregroundReply
		if kind == "11" {
			color = backgroundReply
		}
		if string(text) == "?" {
			s.reply("\x1b]%s;%s\x1b\\", kind, color)
		}
	}
}

// csi obeys a sequence that begins with ESC [.
func (s *Screen) csi(seq []byte) {
	c, ok := parseCommand(seq)
	switch {
	case !ok:
	case c.kind == "m": // SGR
		_, _ = s.emu.Write(seq)
	case c.kind == "?h", c.kind == "?l":
		s.setModes(c)
	case s.answer(c):
	default:
		s.print.edge = false
		s.command(c)
	}
}

// answer replies to a query. It returns false if the command is not a query.
func (s *Screen) answer(c command) bool {
	at, n := s.emu.CursorPosition(), c.param(0, 0)
	switch {
	case c.kind == "n" && n == 5: // DSR
		s.reply("\x1b[0n")
	case c.kind == "n" && n == 6: // CPR
		s.reply("\x1b[%d;%dR", at.Y+1, at.X+1)
	case c.kind == "?n" && n == 6: // DECXCPR
		s.reply("\x1b[?%d;%dR", at.Y+1, at.X+1)
	case c.kind == "c" && n == 0: // DA1
		s.reply(deviceAttributes)
	case c.kind == ">c" && n == 0: // DA2
		s.reply("\x1b[>1;10;0c")
	case c.kind == "$p": // DECRQM
		s.reply("\x1b[%d;%d$y", n, s.modeReport(ansi.ANSIMode(n)))
	case c.kind == "?$p":
		s.reply("\x1b[?%d;%d$y", n, s.modeReport(ansi.DECMode(n)))
	case c.kind == "t" && n == 18: // the size in characters
		s.reply("\x1b[8;%d;%dt", s.emu.Height(), s.emu.Width())
	default:
		return strings.HasSuffix(c.kind, "n") || strings.HasSuffix(c.kind, "c") || c.kind == "t"
	}
	return true
}

// modeReport is 1 for a mode that is set, 2 for one that is reset, and 0 for an unknown
// one.
func (s *Screen) modeReport(mode ansi.Mode) int {
	set, known := s.modes[mode]
	switch {
	case !known:
		return 0
	case set:
		return 1
	}
	return 2
}

// setModes obeys DECSET and DECRST. Left and right margins, and size reports in the
// output, are not supported.
func (s *Screen) setModes(c command) {
	for i := range c.params {
		mode := c.param(i, 0)
		switch mode {
		case 69, 2048:
			continue
		case 47: // the older alternate screen
			mode = 1047
		}
		before := s.emu.IsAltScreen()
		s.emit("\x1b[?%d%s", mode, c.kind[1:])
		if mode == 6 || s.emu.IsAltScreen() != before {
			s.print.edge = false
		}
	}
}

// counting are the commands whose first parameter is a count or a position, where 0
// means 1.
const counting = "@ABCDEFGILMPSTXZ`abde"

// command passes a command to the emulator, in a form that the emulator handles
// correctly.
func (s *Screen) command(c command) {
	cols, rows := s.emu.Width(), s.emu.Height()
	switch n := c.param(0, 1); {
	case c.kind == "b": // REP
		s.print.repeat(max(n, 1), s)
	case c.kind == "J" && c.param(0, 0) == 1:
		s.eraseAbove()
	case c.kind == "r": // DECSTBM
		top, bottom := max(n, 1), min(c.param(1, rows), rows)
		if bottom < 1 {
			bottom = rows
		}
		if top < bottom {
			s.margins[s.emu.IsAltScreen()] = top > 1 || bottom < rows
			s.emit("\x1b[%d;%dr", top, bottom)
		}
	case c.kind == "s" && len(c.params) == 0: // SCOSC
		s.emit("\x1b7")
	case c.kind == "u" && len(c.params) == 0: // SCORC
		s.emit("\x1b8")
	case c.kind == "!p": // DECSTR
		s.emit("\x1b[m\x1b[4l\x1b[?1l\x1b[?6l\x1b[?7h\x1b[?25h")
	case len(c.kind) == 1 && strings.Contains(counting, c.kind):
		// The emulator counts up to any number, and larger numbers change nothing.
		s.emit("\x1b[%d%s", min(max(n, 1), max(cols, rows)), c.kind)
	case c.kind != "s":
		s.emit("%s", c)
	}
}

// eraseAbove erases everything up to the cursor.
func (s *Screen) eraseAbove() {
	at := s.emu.CursorPosition()
	for row := range at.Y {
		s.emit("\x1b[%df\x1b[2K", row+1)
	}
	s.emit("\x1b[%d;%df\x1b[1K", at.Y+1, at.X+1)
}
