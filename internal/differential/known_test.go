package differential

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleList = `
# A comment.

docs: words of messages
lua5.1: ^(?P<at>\w+:\d+:) attempt to index
avescript: ^(?P<at>\w+:\d+:) cannot index

repair: what os.exit prints
source: os\.exit
lua5.1: ^left$
avescript: ^right$
rest: any
`

func TestCompare(t *testing.T) {
	tests := []struct {
		name, source, theirs, ours string
		want                       *Difference
		shown                      []int
	}{
		{"same", "", "a\nb\n", "a\nb\n", nil, []int{0, 0}},
		{"other", "", "a\nb\n", "a\nc\n", &Difference{2, "b", "c"}, []int{0, 0}},
		{"ours is longer", "", "a", "a\nb", &Difference{2, "(nothing more)", "b"}, []int{0, 0}},
		{"ours is shorter", "", "a\nb", "a", &Difference{2, "b", "(nothing more)"}, []int{0, 0}},
		{"known", "", "x:1: attempt to index\nb", "x:1: cannot index\nb", nil, []int{1, 0}},
		{"known twice", "", "x:1: attempt to index\nx:2: attempt to index", "x:1: cannot index\nx:2: cannot index", nil, []int{1, 0}},
		{"known, at another place", "", "x:1: attempt to index", "x:2: cannot index", &Difference{1, "x:1: attempt to index", "x:2: cannot index"}, []int{0, 0}},
		{"another one after a known one", "", "x:1: attempt to index\nb", "x:1: cannot index\nc", &Difference{2, "b", "c"}, []int{1, 0}},
		{"known in another program", "", "left", "right", &Difference{1, "left", "right"}, []int{0, 0}},
		{"known, with what comes after", "os.exit()", "left\nb", "right\nc", nil, []int{0, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := ParseKnown(exampleList)
			if err != nil || len(list) != 2 {
				t.Fatalf("got %d entries and %v, want 2", len(list), err)
			}
			got := Compare(test.source, test.theirs, test.ours, list)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if shown := []int{list[0].Shown, list[1].Shown}; !slices.Equal(shown, test.shown) {
				t.Errorf("the entries were shown %v times, want %v", shown, test.shown)
			}
		})
	}
}

func TestAnEntryCanBeAboutOneLoop(t *testing.T) {
	list, err := ParseKnown("docs: x\nloop: stock\nlua5.1: a\navescript: b")
	if err != nil {
		t.Fatal(err)
	}
	if stock, other := For("stock", list), For("", list); len(stock) != 1 || len(other) != 0 {
		t.Errorf("got %d entries for the loop and %d for others, want 1 and 0", len(stock), len(other))
	}
}

func TestParseKnownRefusesBadLists(t *testing.T) {
	for _, text := range []string{"docs: x", "docs: x\nlua5.1: a", "lua5.1: a\navescript: b", "docs: x\nlua5.1: (\navescript: b", "word: x"} {
		if list, err := ParseKnown(text); err == nil {
			t.Errorf("%q: got %d entries, want an error", text, len(list))
		}
	}
}

func TestShrink(t *testing.T) {
	source := strings.Repeat("print(1)\n", 20) + "if x then\nbad()\nend\n" + strings.Repeat("print(2)\n", 9) + "needed\n"
	got, err := shrink(source, func(sources []string) (failed []bool, err error) {
		for _, source := range sources {
			failed = append(failed, strings.Contains(source, "bad()") && strings.Contains(source, "needed") && strings.Count(source, "if x") == strings.Count(source, "end"))
		}
		return failed, nil
	})
	if want := "bad()\nneeded\n"; err != nil || got != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

func TestGeneratedProgramsComeFromTheirSeeds(t *testing.T) {
	first, second := Generated(500), Generated(500)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same programs were expected twice:\n%s", diff)
	}
	more := map[string]string{}
	for _, program := range Generated(1000) {
		more[program.Name] = program.Source
	}
	for _, program := range first {
		if more[program.Name] != program.Source {
			t.Errorf("%s is another one if more are generated", program.Name)
		}
	}
	if len(first) < 500 || len(more) < 1000 {
		t.Errorf("got %d and %d programs, want 500 and 1000 at least", len(first), len(more))
	}
}

func TestAProgramThatEndsItsProcessDoesNotHideOthers(t *testing.T) {
	theirs, _ := interpreters(t)
	results, err := theirs.Run([]Program{{Source: "print(1)"}, {Source: "print(2) os.exit(3)"}, {Source: "print(4)"}, {Source: "error('x')", Alone: true}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1\n", "2\nexit status 3: \n", "4\n", "exit status 1: program3.lua:1: x\n"}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
