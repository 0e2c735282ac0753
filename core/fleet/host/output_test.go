package host

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
)

func event(name string) wire.Output {
	return wire.Output{Events: []harness.Event{{Kind: harness.TestFinished, Path: []string{name}}}}
}

// TestBatches: events are joined, other parts are not, and the order stays.
func TestBatches(t *testing.T) {
	t.Parallel()
	o := newOutput(nil, "")
	for _, part := range []wire.Output{
		event("a"), event("b"), {Log: "l"}, {Log: "m"}, event("c"), {Artifacts: []wire.Artifact{{Path: "p"}}},
		event(strings.Repeat("x", batchBytes)), event("d"),
	} {
		o.add(part)
	}
	var got []string
	for n := 0; ; n++ {
		message, ok := o.batch()
		if !ok {
			break
		}
		if message.N != n {
			t.Errorf("got number %d, wanted %d", message.N, n)
		}
		text := message.Log
		for _, e := range message.Events {
			text += e.Path[0][:1]
		}
		for _, a := range message.Artifacts {
			text += a.Path
		}
		got = append(got, text)
	}
	if diff := cmp.Diff([]string{"ab", "l", "m", "c", "p", "x", "d"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if o.bytes != 0 {
		t.Errorf("%d bytes are left", o.bytes)
	}
}

// TestCutLargeOutput: what is too large for a message keeps its beginning and its end.
func TestCutLargeOutput(t *testing.T) {
	t.Parallel()
	const most = 100_000
	for _, text := range []string{strings.Repeat("x", 1<<20), strings.Repeat("\x00", 1<<20), strings.Repeat("\u00e4", 1<<19)} {
		message := wire.Output{Log: text}
		for n := range 3 {
			message.Events = append(message.Events, harness.Event{Path: []string{fmt.Sprint(n)}, Output: "begin" + text + "end"})
		}
		message.Log = ""
		made, err := json.Marshal(cut(message, most))
		if err != nil || len(made) > most {
			t.Errorf("got %d bytes, %v", len(made), err)
		}
		for _, e := range cut(message, most).Events {
			if !strings.HasPrefix(e.Output, "begin") || !strings.HasSuffix(e.Output, "end") || !strings.Contains(e.Output, "left out") {
				t.Errorf("got %.20q ... %q", e.Output, e.Output[len(e.Output)-20:])
			}
		}
	}
}
