package manual_test

import (
	"regexp"
	"strings"
	"testing"

	"avescript/lualib/manual"
)

func everything() (all []manual.Entry) {
	for _, module := range manual.Modules() {
		all = append(append(all, module), manual.Of(module.Name)...)
	}
	return all
}

// TestTextFits looks at the lines that can be broken: those of descriptions.
func TestTextFits(t *testing.T) {
	const width = 40
	for _, e := range everything() {
		for line := range strings.Lines(e.Text(width, false)) {
			line = strings.TrimRight(line, "\n")
			isCode := strings.Contains(e.Doc+e.Raises, strings.TrimSpace(line))
			isOneWord := !strings.Contains(strings.TrimSpace(line), " ")
			isHead := strings.ContainsAny(line, "(?{|<") || strings.Contains(line, " of ")
			if len([]rune(line)) > width && !isCode && !isOneWord && !isHead {
				t.Errorf("%s has a line that is wider than %d: %q", e.Name, width, line)
			}
		}
	}
}

var styled = regexp.MustCompile(`\x1b\[([0-9]*)m`)

// TestStylesEndWithTheirLine is for pagers, which begin each line without a style.
func TestStylesEndWithTheirLine(t *testing.T) {
	for _, e := range everything() {
		colored := e.Text(60, true)
		for line := range strings.Lines(colored) {
			open := false
			for _, found := range styled.FindAllStringSubmatch(line, -1) {
				open = found[1] != "0"
			}
			if open {
				t.Errorf("%s has a style that goes on after its line: %q", e.Name, line)
			}
		}
		if strings.Contains(styled.ReplaceAllString(colored, ""), "\x1b") {
			t.Errorf("%s has other sequences in %q", e.Name, colored)
		}
	}
}

func TestTextOfAClass(t *testing.T) {
	e, _ := manual.Find("Control")
	text := e.Text(80, false)
	for _, want := range []string{
		"Control\n    class of ave.network.control, child of ave.Process\n",
		"\n  Control:start(options?)\n      Starts the service in a new process.\n",
		"\n  Control.idle\n      Called when nothing has happened for `interval`.\n",
		"\nIt also has everything that `Process` has.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("wanted %q in\n%s", want, text)
		}
	}
}
