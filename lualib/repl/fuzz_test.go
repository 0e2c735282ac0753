package repl

import (
	"testing"
)

// Whatever is typed, its tokens are in order, and what looks at them copes.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{
		"", "for i=1,3 do\n\tprint(i)\nend", "--[==[ a\n]=]", "x = [[", "'a\\", "ave.cmd.run(\"ls\", { t", "a:b.c:", "\"s\":upper(", "require'a", "1..2...", "\x1b\xff名", "f(function(x) end, {", "local function ", ")]}",
	} {
		f.Add(seed, 0)
	}
	f.Fuzz(func(t *testing.T, source string, at int) {
		end := 0
		for _, token := range scan(source) {
			if token.from < end || token.to <= token.from || token.to > len(source) {
				t.Fatalf("a token from %d to %d in %q", token.from, token.to, source)
			}
			end = token.to
		}
		at = max(0, min(at, len(source)))
		for _, span := range highlight(source, at, true) {
			if span.From < 0 || span.From > span.To || span.To > len(source) {
				t.Errorf("a span from %d to %d in %q", span.From, span.To, source)
			}
		}
		if p := placeOf(source[:at]); p.wish != nothing && source[p.from:at] != p.word {
			t.Errorf("%q is completed at the end of %q", p.word, source[:at])
		}
		callOf(source[:at])
		indent(source[:at], source[at:])
		locals(source)
	})
}
