package page_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// play has a run of some jobs in the stream, of which the last one is still running: it has
// failures, an attempt that was lost, and files.
func (o outputs) play(run string, jobs int) {
	o.t.Helper()
	now := float64(time.Now().Unix()) - 300
	o.note(wire.Note{Kind: wire.NoteSubmitted, Run: run, Jobs: jobs + 2, Time: now, User: "anna", Title: "nightly", Place: wire.Token{Seq: 1}})
	seq := uint64(10)
	for i := range jobs {
		host := fmt.Sprintf("lab-%d", i%5+1)
		file := fmt.Sprintf("tests/test_%s%d.lua", []string{"call", "sms", "roaming", "power"}[i%4], i)
		seq++
		token := wire.Token{Seq: seq}
		at := now + float64(5*i)
		o.note(wire.Note{Kind: wire.NoteStarted, Run: run, Job: i, Token: token, Host: host, Attempt: 1, Time: at, Name: file, User: "anna", Place: token, Pieces: []string{`{"type":"handset"}`}})
		if i%6 == 4 {
			o.output(host, run, i, token, wire.Output{Log: "starts avescript 0.4.0\n"})
			o.note(wire.Note{Kind: wire.NoteReturned, Run: run, Job: i, Token: token, Host: host, Time: at + 3, Outcome: &wire.Outcome{Status: wire.Lost, Message: "the host was silent for 3 seconds"}})
			seq++
			token = wire.Token{Seq: seq}
			host = "lab-9"
			o.note(wire.Note{Kind: wire.NoteStarted, Run: run, Job: i, Token: token, Host: host, Attempt: 2, Time: at + 3, Name: file, User: "anna", Place: token})
		}
		out := wire.Output{Log: "starts avescript 0.4.0\n"}
		passed := true
		for j := range 4 {
			e := harness.Event{Kind: harness.TestFinished, File: file, Path: []string{"A call", fmt.Sprintf("works in case %d", j+1)}, Line: 10 * j, Status: harness.Passed, Seconds: 0.3 * float64(j+1), Time: at + float64(j), Output: fmt.Sprintf("\x1b[32mok\x1b[0m case %d of <b>%s</b>\n", j+1, file)}
			if i%5 == 3 && j == 2 {
				e.Status, passed = harness.Failed, false
				e.Problems = []harness.Problem{{Message: "Expected objects to be equal.\nPassed in:\n(number) 3\nExpected:\n(number) 4", Stack: []harness.Frame{{File: file, Line: 31}}}}
			}
			out.Events = append(out.Events, harness.Event{Kind: harness.TestStarted, File: file, Path: e.Path, Time: at + float64(j)}, e)
		}
		if !passed {
			object := fmt.Sprintf("%s/%d/%s/0", run, i, token)
			if _, err := o.js.ObjectStore(poll.Context(o.t), wire.ArtifactStore); err == nil {
				o.keep(object, "what the terminal showed")
			}
			out.Artifacts = []wire.Artifact{{Path: "/var/tmp/ave-1/screen.txt", Object: object, Size: 24}}
		}
		o.output(host, run, i, token, out)
		if i < jobs-1 {
			o.note(wire.Note{Kind: wire.NoteFinished, Run: run, Job: i, Token: token, Host: host, Time: at + 5, Outcome: &wire.Outcome{Status: wire.Done, Passed: passed, Seconds: 5}})
		}
	}
}

func (o outputs) keep(object, text string) {
	o.t.Helper()
	store, err := o.js.ObjectStore(poll.Context(o.t), wire.ArtifactStore)
	if err == nil {
		_, err = store.Put(poll.Context(o.t), jetstream.ObjectMeta{Name: object}, strings.NewReader(text))
	}
	if err != nil {
		o.t.Fatal(err)
	}
}
