package workers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness/workers"
)

func lock(name string) workers.Ask   { return workers.Ask{Verb: workers.Lock, Name: name} }
func unlock(name string) workers.Ask { return workers.Ask{Verb: workers.Unlock, Name: name} }
func shared(name string) workers.Ask { return workers.Ask{Verb: workers.Shared, Name: name} }

// ask prints the answer.
func (f *file) ask(a workers.Ask) {
	answer, err := f.Ask(nil, a)
	fmt.Println(a.Name, answer.Yours, string(answer.Value), answer.Failed, err)
}

// askWithin gives up soon, but not before it has to wait for another worker.
func (f *file) askWithin(a workers.Ask) {
	done := make(chan struct{})
	go func() {
		for _, why := f.Waiting(); why == ""; _, why = f.Waiting() {
			time.Sleep(time.Millisecond)
		}
		close(done)
	}()
	_, err := f.Ask(done, a)
	_, why := f.Waiting()
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded), why)
}

// askers are the names of files with one test, which asks for what other workers have.
var askers = map[string]func(*file){
	"has a": func(f *file) {
		f.ask(lock("a"))
		f.ask(lock("a"))
		f.reach("a", "b")
		f.ask(lock("b"))
	},
	"has b": func(f *file) {
		f.ask(lock("b"))
		f.reach("b", "a")
		f.ask(lock("a"))
	},
	"has it for a while": func(f *file) {
		f.ask(lock("a"))
		f.reach("has", "gave up")
		f.Tell(unlock("a"))
		f.reach("free")
	},
	"gives up": func(f *file) {
		f.reach("here", "has")
		f.askWithin(lock("a"))
		f.ask(shared("new"))
		f.reach("gave up", "free")
	},
	"needs itself": func(f *file) { f.ask(shared("x")); f.ask(shared("x")) },
	"has a alone":  func(f *file) { f.ask(lock("a")) },
	"has a alone and dies": func(f *file) {
		f.ask(lock("a"))
		f.ask(shared("y"))
		os.Exit(3)
	},
	"makes x alone": func(f *file) {
		f.ask(shared("x"))
		f.Tell(workers.Ask{Verb: workers.Made, Name: "x", Value: json.RawMessage("5")})
	},
	"makes x alone and dies": func(f *file) {
		f.ask(shared("x"))
		f.Tell(workers.Ask{Verb: workers.Made, Name: "x", Value: json.RawMessage("5")})
		os.Exit(3)
	},
	"gives up alone":  func(f *file) { f.askWithin(lock("never")) },
	"has it and dies": func(f *file) { f.ask(lock("a")); f.reach("has", "waits"); os.Exit(3) },
	"makes and dies":  func(f *file) { f.ask(shared("x")); f.reach("has", "waits"); os.Exit(3) },
	"has it and ends": func(f *file) { f.ask(lock("a")); f.reach("has", "waits") },
	"waits for a":     func(f *file) { f.reach("waits", "has"); f.ask(lock("a")) },
	"waits for x":     func(f *file) { f.reach("waits", "has"); f.ask(shared("x")) },
	"makes": func(f *file) {
		f.ask(shared("x"))
		f.reach("has", "waits")
		f.Tell(workers.Ask{Verb: workers.Made, Name: "x", Value: json.RawMessage("5")})
		f.ask(shared("x"))
	},
	"fails to make": func(f *file) {
		f.ask(shared("x"))
		f.reach("has", "waits")
		f.Tell(workers.Ask{Verb: workers.Made, Name: "x", Failed: "no"})
	},
}

func TestBoard(t *testing.T) {
	const got, made = " true   <nil>", " false 5  <nil>"
	for name, c := range map[string]struct {
		files []string
		want  []string // sorted; what varies is as if the file that is named first came first
	}{
		"a name, until its owner has died": {[]string{"has it and dies", "waits for a"}, []string{
			"error has it and dies it: the worker died: exit status 3 | a" + got, "passed waits for a it | a" + got,
		}},
		"a name, until the file has ended": {[]string{"has it and ends", "waits for a"}, []string{
			"passed has it and ends it | a" + got, "passed waits for a it | a" + got,
		}},
		"a value": {[]string{"makes", "waits for x"}, []string{
			"passed makes it | x" + got + "\nx" + made, "passed waits for x it | x" + made,
		}},
		"a value that cannot be made": {[]string{"fails to make", "waits for x"}, []string{
			"passed fails to make it | x" + got, "passed waits for x it | x false  no <nil>",
		}},
		"a value whose maker has died": {[]string{"makes and dies", "waits for x"}, []string{
			"error makes and dies it: the worker died: exit status 3 | x" + got, "passed waits for x it | x" + got,
		}},
		"a value that needs itself": {[]string{"needs itself"}, []string{
			"passed needs itself it | x" + got + "\nx false  worker 1 (needs itself: it) has it and waits for something that this worker has <nil>",
		}},
		"a question that is given up": {[]string{"gives up", "has it for a while", "has it and ends#2", "waits for a#2"}, []string{
			"passed gives up it | true \nnew" + got,
			"passed has it and ends#2 it | a" + got,
			"passed has it for a while it | a" + got,
			"passed waits for a#2 it | a" + got,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			if err := pool(t, 2, &l).Do(t.Context(), jobs(c.files...)); err != nil {
				t.Fatal(err)
			}
			slices.Sort(l.lines)
			if diff := cmp.Diff(c.want, l.lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestCircle: if two workers each want what the other one holds, one of them is
// refused, and the other one continues.
func TestCircle(t *testing.T) {
	var l log
	if err := pool(t, 2, &l).Do(t.Context(), jobs("has a", "has b")); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(l.lines, "\n")
	refused := regexp.MustCompile(`([ab]) false  worker [12] \(has ([ab]): it\) has it and waits for something that this worker has <nil>`)
	match := refused.FindAllStringSubmatch(all, -1)
	if len(match) != 1 || match[0][1] != match[0][2] || strings.Count(all, " true ") != 4 {
		t.Errorf("got:\n%s", all)
	}
}

// others is a board that is somewhere else.
type others struct {
	mu    sync.Mutex
	told  []string
	rests bool
}

func (o *others) Ask(a workers.Ask, answer func(workers.Answer)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, a.Verb+" "+a.Name)
	switch {
	case answer == nil:
	case a.Name == "never":
		go answer(workers.Answer{ID: a.ID, Wait: "another host has it"})
	default:
		go answer(workers.Answer{ID: a.ID, Yours: true})
	}
}

func (o *others) Rest() { o.rests = true }

// TestBoardElsewhere: what a worker holds is released at the board, even if it dies, and
// what it has made is kept for others.
func TestBoardElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		told []string // sorted
		kept bool
	}{
		"has a alone":            {[]string{"lock a", "unlock a"}, false},
		"has a alone and dies":   {[]string{"lock a", "lose y", "shared y", "unlock a"}, false},
		"makes x alone":          {[]string{"lose x", "made x", "shared x"}, true},
		"makes x alone and dies": {[]string{"lose x", "made x", "shared x"}, false},
		"gives up alone":         {[]string{"forget never", "lock never"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			o := &others{}
			p := pool(t, 1, &l)
			kept := false
			p.Board, p.Ran = o, func(made bool) { kept = made }
			if err := p.Do(t.Context(), jobs(name)); err != nil {
				t.Fatal(err)
			}
			slices.Sort(o.told)
			if diff := cmp.Diff(c.told, o.told); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if kept != c.kept || o.rests != c.kept {
				t.Errorf("kept: got %v, rests: %v", kept, o.rests)
			}
		})
	}
}
