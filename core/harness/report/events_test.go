package report_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"avescript/core/harness"
)

// hostile is what a name or an output must not get away with in any report: the
// end of an element, of CDATA and of a script, commands of GitHub's runner in
// both forms, directives of TAP, sequences of a terminal, writing that runs
// backwards, and bytes that are no text.
const hostile = "</script><img src=x onerror=alert(1)>]]>--> ##[error]x # TODO \\ \x1b[2J\x00\x7f\u0085\u2028\u202e\xff\uffff %0A"

const start = 1767225600 // of the run, in seconds of the epoch

// script is where the source of the failures is.
const script = "testdata/run/broker_spec.lua"

func started(worker int, file string) harness.Event {
	return harness.Event{Kind: harness.FileStarted, File: file, Worker: worker, Time: start}
}

// test is how a test ended that began at a time after the start.
func test(worker int, file string, line int, status harness.Status, at, seconds float64, path ...string) harness.Event {
	return harness.Event{
		Kind: harness.TestFinished, File: file, Path: path, Line: line, Status: status,
		Worker: worker, Time: start + at + seconds, Seconds: seconds,
	}
}

// everything is a run with all that a report can show.
func everything() []harness.Event {
	made := harness.Frame{File: script, Line: 4, Source: `before_each(function() server = start() end)`}
	broken := []harness.Problem{{
		Hook: "before_each", Message: "no server",
		Stack: []harness.Frame{made},
	}}
	differs := test(2, script, 6, harness.Failed, 0.3, 0.25, "broker", "leases a handset")
	differs.Tags = []string{"slow", "lab"}
	differs.Problems = []harness.Problem{
		{
			Message: "expected (-) and actual (+) differ:",
			Diff:    " {\n-  state = \"leased\",\n+  state = \"free\",\n   type = \"handset\",\n }",
			Stack: []harness.Frame{
				{File: script, Line: 8, Func: "check", Source: `assert.same({ type = "handset", state = "leased" }, lease)`},
				{Func: "12 more calls"},
				{File: script, Line: 6},
			},
		},
		{Hook: "after_each", Message: ""},
	}
	differs.Output = "\x1b[32mserver listens\x1b[0m at 4711\r\n\x1b[1;31mlost\x1b[0m the \x1b[38;5;208mlease\x1b[0m\n"
	differs.Leaks = []harness.Leak{
		{Kind: "process", What: "process 4711 (sleep 60)", Made: &made, Fail: true},
		{Kind: "file", What: "file /tmp/lua_x"},
	}
	differs.Artifacts = []harness.Artifact{
		{Kind: "recording", Name: "session 1", Path: "testdata/run/session.cast"},
		{Kind: "workspace", Name: "workspace", Path: "/tmp/ave-1"},
	}

	flaky1 := test(1, "t/a.lua", 9, harness.Failed, 0.5, 0.1, "a", "settles")
	flaky1.Attempt, flaky1.Problems = 1, []harness.Problem{{Message: "too early"}}
	flaky2 := test(1, "t/a.lua", 9, harness.Passed, 0.6, 1.5, "a", "settles")
	flaky2.Attempt, flaky2.Last, flaky2.Output = 2, true, "at last\n"

	never1 := test(2, script, 20, harness.Error, 0.8, 0.1, "broker", "never works")
	never1.Attempt, never1.Problems = 1, []harness.Problem{{Message: "first"}}
	never2 := test(2, script, 20, harness.Failed, 0.9, 0.1, "broker", "never works")
	never2.Attempt, never2.Last, never2.Problems = 2, true, []harness.Problem{{Message: "second"}}

	xfailed := test(1, "t/a.lua", 12, harness.XFailed, 2.1, 0.01, "a", "waits for a fix")
	xfailed.Problems = []harness.Problem{{Message: "not yet mended"}}
	quarantined := test(1, "t/a.lua", 15, harness.Failed, 2.2, 0.01, "a", "is in quarantine")
	quarantined.Quarantined, quarantined.Problems = true, []harness.Problem{{Message: "sometimes"}}
	pending := test(1, "t/a.lua", 5, harness.Pending, 0.5, 0, "a", "is not ready")
	pending.Problems = []harness.Problem{{Message: "needs a router"}}

	bad := test(2, script, 30, harness.Failed, 1, 0.01, "broker", hostile)
	bad.Problems = []harness.Problem{{Message: hostile + "\n::error::x\n" + hostile, Diff: "-" + hostile + "\n+" + hostile}}
	bad.Output = "  ::stop-commands::x\n" + hostile + "\nnot ok 3\n1..2\nBail out!"
	bad.Tags = []string{hostile}
	long := test(2, script, 31, harness.Failed, 1.1, 0.01, "broker", "compares long strings")
	same := strings.Repeat("0123456789", 60)
	long.Problems = []harness.Problem{{Message: "expected: \"" + same + "A" + same + "\"\n  actual: \"" + same + "B" + same + "\""}}

	hooked := test(2, script, 12, harness.Error, 1.2, 0.01, "broker", "one")
	hooked.Problems = broken
	likewise := test(2, script, 15, harness.Error, 1.3, 0.01, "broker", "two")
	likewise.Problems = broken

	hangs := test(3, "t/slow.lua", 3, harness.Error, 0.1, 5, "slow", "hangs")
	hangs.Problems = []harness.Problem{{
		Message: "it did not end within 5 seconds; this is where it was",
		Stack:   []harness.Frame{{File: "t/slow.lua", Line: 4, Func: "wait", Source: "while true do end"}},
	}}
	crashed := test(3, "t/slow.lua", 8, harness.Error, 5.2, 0.2, "slow", "crashes")
	crashed.Died, crashed.Problems = true, []harness.Problem{{Message: "the worker was killed by signal 9"}}

	warned := test(1, "t/a.lua", 2, harness.Passed, 0, 0.5, "a", "works")
	warned.Leaks = []harness.Leak{{Kind: "port", What: "port 4711"}}

	return []harness.Event{
		{Kind: harness.RunStarted, Files: 3, Time: start},
		started(1, "t/a.lua"), started(2, script), started(3, "t/slow.lua"),
		{Kind: harness.TestStarted, File: "t/a.lua", Path: []string{"a", "works"}, Line: 2, Worker: 1, Time: start},
		{Kind: harness.TestStarted, File: "t/slow.lua", Path: []string{"slow", "hangs"}, Line: 3, Worker: 3, Time: start + 0.1},
		warned, differs, pending, flaky1, never1, flaky2, never2, bad, long, hooked, likewise, xfailed, quarantined,
		{Kind: harness.FileFinished, File: "t/a.lua", Worker: 1, Seconds: 2.25, Time: start + 2.25,
			Totals: &harness.Totals{Passed: 2, Pending: 1, XFailed: 1, Quarantined: 1, Flaky: 1}},
		{Kind: harness.BlockFailed, File: script, Path: []string{"broker", "block"}, Status: harness.Error, Worker: 2, Time: start + 1.4,
			Problems: []harness.Problem{{Message: "two\nlines\n"}}},
		test(2, script, 40, harness.XPassed, 1.4, 0.1, "broker", "was broken"),
		{Kind: harness.FileFinished, File: script, Worker: 2, Seconds: 1.5, Time: start + 1.5,
			Totals: &harness.Totals{Failed: 4, Errors: 3, XPassed: 1}},
		hangs, crashed,
		{Kind: harness.FileFinished, File: "t/slow.lua", Worker: 3, Seconds: 5.4, Time: start + 5.4, Totals: &harness.Totals{Errors: 2}},
		{Kind: harness.RunFinished, Seconds: 5.5, Time: start + 5.5,
			Totals: &harness.Totals{Passed: 2, Pending: 1, Failed: 4, Errors: 5, XFailed: 1, XPassed: 1, Quarantined: 1, Flaky: 1}},
	}
}

// fleet is a run on two hosts: one of them was lost, and its test ran on the other one.
func fleet() []harness.Event {
	at := func(host string, e harness.Event) harness.Event {
		e.Host = host
		return e
	}
	lost := test(2, "t/b.lua", 3, harness.Error, 0.5, 1, "b", "survives")
	lost.Attempt, lost.Problems = 1, []harness.Problem{{Message: "host lab-2 was lost; the job was given to another host"}}
	again := test(2, "t/b.lua", 3, harness.Passed, 4, 1, "b", "survives")
	again.Attempt, again.Last, again.Output = 2, true, "waited 2.5 s for relay\n"
	fails := test(1, "t/a.lua", 2, harness.Failed, 0, 0.5, "a", "works")
	fails.Problems = []harness.Problem{{Message: "no"}}
	finished := func(worker int, host, file string, totals harness.Totals) harness.Event {
		return at(host, harness.Event{Kind: harness.FileFinished, File: file, Worker: worker, Seconds: 1.25, Time: start + 5, Totals: &totals})
	}
	return []harness.Event{
		{Kind: harness.RunStarted, Files: 3, Time: start},
		at("rack-north-1", started(1, "t/a.lua")), at("rack-north-1", fails),
		finished(1, "rack-north-1", "t/a.lua", harness.Totals{Failed: 1}),
		at("lab-3", started(2, "t/b.lua")), at("lab-2", lost), at("lab-3", again),
		finished(2, "lab-3", "t/b.lua", harness.Totals{Passed: 1, Flaky: 1}),
		at("lab-3", started(1, "t/a.lua")), at("lab-3", test(1, "t/a.lua", 9, harness.Passed, 2, 0.25, "a", "needs a relay")),
		finished(1, "lab-3", "t/a.lua", harness.Totals{Passed: 1}),
		{Kind: harness.RunFinished, Seconds: 5.5, Time: start + 5.5, Totals: &harness.Totals{Passed: 2, Failed: 1, Flaky: 1}},
	}
}

// many is a run of n tests in workers, of which a few fail.
func many(n, workers int) []harness.Event {
	random := rand.New(rand.NewPCG(1, 2))
	events := []harness.Event{{Kind: harness.RunStarted, Files: n / 50, Time: start}}
	clock := make([]float64, workers)
	var totals harness.Totals
	for file := range max(1, n/50) {
		worker := file % workers
		name := fmt.Sprintf("tests/area%02d/test_%s_%d.lua", file%17, []string{"broker", "lease", "session", "relay"}[file%4], file)
		began := clock[worker]
		events = append(events, started(worker+1, name))
		for i := range min(n, 50) {
			e := test(worker+1, name, 3+4*i, harness.Passed, clock[worker], 0.002+random.ExpFloat64()*0.02,
				[]string{"broker", "session", "handset"}[i%3], fmt.Sprintf("does what is asked for in case %d of area %d", i, file))
			switch random.IntN(400) {
			case 0:
				e.Status, e.Problems = harness.Failed, []harness.Problem{{Message: "expected: 1\n  actual: 2",
					Stack: []harness.Frame{{File: name, Line: e.Line + 1, Source: "assert.equals(1, lease:count())"}}}}
				totals.Failed++
			case 1, 2, 3:
				e.Status = harness.Pending
				totals.Pending++
			default:
				totals.Passed++
			}
			if i%7 == 0 {
				e.Tags = []string{"slow"}
			}
			clock[worker] += e.Seconds
			events = append(events, e)
		}
		events = append(events, harness.Event{Kind: harness.FileFinished, File: name, Worker: worker + 1,
			Seconds: clock[worker] - began, Totals: &harness.Totals{}})
	}
	seconds := 0.0
	for _, at := range clock {
		seconds = max(seconds, at)
	}
	return append(events, harness.Event{Kind: harness.RunFinished, Seconds: seconds, Totals: &totals})
}
