package differential

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"avescript/internal/built"
)

var (
	programs  = flag.Int("programs", 300, "how many generated programs to run; 0 means the written ones alone")
	avescript = flag.String("avescript", "", "the program to compare with lua5.1, instead of one that is built")
	knownFile = flag.String("known", "testdata/known.txt", "the list of known differences")
	only      = flag.String("only", "", "run programs with this text in their name, and nothing else")
)

// interpreters returns lua5.1, and avescript with each of its loops.
func interpreters(t *testing.T) (theirs Interpreter, ours []Interpreter) {
	t.Helper()
	path, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	binary := *avescript
	if binary == "" {
		dir := t.TempDir()
		if err := built.Into(dir, "avescript"); err != nil {
			t.Fatal(err)
		}
		binary = filepath.Join(dir, "avescript")
	}
	ours = []Interpreter{{Path: binary, Env: []string{"AVESCRIPT_LOOP="}}}
	if loop := os.Getenv("AVESCRIPT_LOOP"); loop != "" {
		ours = append(ours, Interpreter{Path: binary, Env: []string{"AVESCRIPT_LOOP=" + loop}})
	}
	return Interpreter{Path: path}, ours
}

func list(t *testing.T) (chosen []Program) {
	t.Helper()
	written, err := Written("testdata/written")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range append(written, Generated(*programs)...) {
		if strings.Contains(program.Name, *only) {
			chosen = append(chosen, program)
		}
	}
	return chosen
}

func known(t *testing.T) []*Known {
	t.Helper()
	text, err := os.ReadFile(*knownFile)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseKnown(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// enough is how many generated programs show every known difference.
const enough = 10000

// most is how many kinds of differences are shown.
var most = flag.Int("most", 20, "how many kinds of differences to show")

func TestProgramsBehaveAsUnderLua51(t *testing.T) {
	theirs, all := interpreters(t)
	list, allowed := list(t), known(t)
	for _, ours := range all {
		loop := strings.TrimPrefix(ours.Env[0], "AVESCRIPT_LOOP=")
		c := comparison{theirs: theirs, ours: ours, known: For(loop, allowed)}
		failed, err := c.kinds(list)
		if err != nil {
			t.Fatal(err)
		}
		for i, kind := range failed {
			if i == *most {
				t.Errorf("%d kinds of differences; the first %d are shown", len(failed), i)
				break
			}
			t.Error(c.report(kind))
		}
		t.Logf("%d programs (%s)", len(list), strings.Join(ours.Env, " "))
	}
	for _, k := range For(os.Getenv("AVESCRIPT_LOOP"), allowed) {
		if k.Shown == 0 && *only == "" && *programs >= enough {
			t.Errorf("testdata/known.txt has a difference that no program shows: %s, lua5.1 prints %q and avescript %q. "+
				"If it is gone, remove it here and in docs/lua.md. If only another number of generated programs shows it, write one in testdata/written",
				k.Why, k.Theirs, k.Ours)
		}
	}
}

// TestKnownDifferencesAreDocumented looks for the sentences in docs/lua.md.
func TestKnownDifferencesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/lua.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(text)), " ")
	for _, k := range known(t) {
		if !k.Repair && !strings.Contains(page, k.Why) {
			t.Errorf("docs/lua.md does not have %q: take the sentence that it has now into testdata/known.txt, or remove the entry", k.Why)
		}
	}
}

// kind is a kind of difference, with the shortest program that shows it.
type kind struct {
	program    Program
	difference Difference
	count      int
}

// kinds runs programs, and returns the kinds of differences that they have: first what most
// of them have.
func (c comparison) kinds(list []Program) ([]*kind, error) {
	found := map[string]*kind{}
	for part := range slices.Chunk(list, 2*batch) {
		differences, err := c.run(part)
		if err != nil {
			return nil, err
		}
		for i, d := range differences {
			if d == nil {
				continue
			}
			k := found[d.shape()]
			if k == nil {
				k = &kind{part[i], *d, 0}
				found[d.shape()] = k
			}
			if len(part[i].Source) < len(k.program.Source) {
				k.program, k.difference = part[i], *d
			}
			k.count++
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *kind) int { return cmp.Or(b.count-a.count, strings.Compare(a.program.Name, b.program.Name)) }), nil
}

// comparison is of two interpreters.
type comparison struct {
	theirs, ours Interpreter
	known        []*Known
}

// run returns the difference of each program, or nil.
func (c comparison) run(list []Program) ([]*Difference, error) {
	var theirs, ours []string
	var err, err2 error
	var both sync.WaitGroup
	both.Go(func() { theirs, err = c.theirs.Run(list) })
	both.Go(func() { ours, err2 = c.ours.Run(list) })
	both.Wait()
	if err != nil || err2 != nil {
		return nil, errors.Join(err, err2)
	}
	differences := make([]*Difference, len(list))
	for i, program := range list {
		if strings.Contains(theirs[i], endless) {
			continue // some generated programs loop too often
		}
		differences[i] = Compare(program.Source, theirs[i], ours[i], c.known)
	}
	return differences, nil
}

// impatience is for programs that were made shorter: some of them never end.
const impatience = 2 * time.Second

// report shows what is different, and a shorter program that has such a difference.
func (c comparison) report(k *kind) string {
	c.theirs.Patience, c.ours.Patience = impatience, impatience
	deadline := time.Now().Add(10 * impatience)
	small, err := shrink(k.program.Source, func(sources []string) ([]bool, error) {
		if time.Now().After(deadline) {
			return make([]bool, len(sources)), nil
		}
		list := make([]Program, len(sources))
		for i, source := range sources {
			list[i] = Program{Source: source, Alone: k.program.Alone}
		}
		differences, err := c.run(list)
		failed := make([]bool, len(sources))
		for i, other := range differences {
			failed[i] = other != nil && other.shape() == k.difference.shape()
		}
		return failed, err
	})
	if err != nil {
		small = err.Error()
	}
	return fmt.Sprintf("%s, and %d others\nlua5.1:    %s\navescript: %s\n(line %d of the output; show and try are in driver.lua)\n%s",
		k.program.Name, k.count-1, k.difference.Theirs, k.difference.Ours, k.difference.Line, small)
}

var inShape = regexp.MustCompile(`:\d+:|\([^()]*expected[^()]*\)|'[^']*'|near .*|-?\d[\d.e+]*`)

// shape is a difference without names and numbers. A program is not shortened to one that
// differs in something else.
func (d Difference) shape() string {
	return inShape.ReplaceAllString(d.Theirs+"\n"+d.Ours, "#")
}
