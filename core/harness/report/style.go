package report

// style adds escape sequences of ECMA-48 to text, or leaves the text unchanged.
type style bool

func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) cyan(text string) string   { return s.paint("36", text) }
func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }

func (s style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// line colours a line of a problem's description.
func (s style) line(l line) string {
	switch l.kind {
	case placeLine:
		return s.cyan(l.text)
	case messageLine:
		return s.red(l.text)
	case diffLine:
		return s.diff(l.text)
	case callerLine:
		return s.dim(l.text)
	}
	return l.text
}

// diff colours a line of a diff according to its first character.
func (s style) diff(line string) string {
	switch {
	case line == "":
	case line[0] == '-':
		return s.red(line)
	case line[0] == '+':
		return s.green(line)
	}
	return line
}
