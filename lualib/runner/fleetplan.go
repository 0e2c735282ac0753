package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/workers"
	"avescript/lualib/suite"
)

// fleetJobs makes the jobs of a fleet: each test file is one, and so is each part of a
// file that needs something else than the rest of it.
func (r *runner) fleetJobs(ctx context.Context, jobs []workers.Job, opts suite.Options, past *history.History, c *code) ([]wire.Job, error) {
	listed, err := r.listed(ctx, jobs, opts, c)
	if err != nil {
		return nil, err
	}
	var all []wire.Job
	for _, j := range jobs {
		parts := split(j, listed[j.File])
		seconds := past.Seconds(j.File)
		if seconds < 0 || opts.Seed != 0 {
			seconds = 0 // with a seed, the order is that of the jobs
		}
		file, err := c.below(j.File)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			p.job.File = file
			work, err := json.Marshal(p.job)
			if err != nil {
				return nil, err
			}
			p.needs.Tags = append(p.needs.Tags, wire.ArchTag())
			name := filepath.ToSlash(file)
			if len(p.job.Lines) > 0 {
				name = fmt.Sprintf("%s:%d", name, p.job.Lines[0])
			}
			all = append(all, wire.Job{Name: name, Work: work, Needs: p.needs, Seconds: seconds / float64(len(parts))})
		}
	}
	return all, nil
}

// listed lists the tests of the files that may need something.
func (r *runner) listed(ctx context.Context, jobs []workers.Job, opts suite.Options, c *code) (map[string][]harness.Event, error) {
	var needing []workers.Job
	seen := map[string]bool{}
	for _, j := range jobs {
		if !seen[j.File] && c.mentions(j.File) {
			needing = append(needing, j)
		}
		seen[j.File] = true
	}
	if len(needing) == 0 {
		return nil, nil
	}
	tests := map[string][]harness.Event{}
	opts.List, opts.FailFast, opts.Debug, opts.Record = true, false, false, ""
	opts.Workers = max(1, r.Workers)
	opts.Reporter = reporterFunc(func(e harness.Event) {
		if e.Kind == harness.TestListed {
			tests[e.File] = append(tests[e.File], e)
		}
	})
	_, err := suite.RunFiles(ctx, needing, opts) // what is wrong with a file, its job says again
	return tests, err
}

type reporterFunc func(harness.Event)

// Report calls the function.
func (f reporterFunc) Report(e harness.Event) { f(e) }

// inParts is a reporter for files that end in parts: a file takes as long as all of them
// together.
type inParts struct {
	harness.Reporter
	repeat int
	sums   map[string]float64
}

// Report passes on the event.
func (p inParts) Report(e harness.Event) {
	if e.Kind == harness.FileFinished {
		p.sums[e.File] += e.Seconds
		e.Seconds = p.sums[e.File] / float64(p.repeat)
	}
	p.Reporter.Report(e)
}

// part is a part of a file, with what all of its tests need.
type part struct {
	job   workers.Job
	needs wire.Needs
	tests []harness.Event
}

// split divides a file into parts whose tests have the same needs. The tests of a block
// that is not in another one stay together, unless what they need cannot be had together.
func split(j workers.Job, tests []harness.Event) []part {
	parts := byNeeds(units(tests))
	if len(parts) <= 1 {
		whole := part{job: j}
		if len(parts) == 1 {
			whole.needs = parts[0].needs
		}
		return []part{whole}
	}
	for i := range parts {
		p := &parts[i]
		p.job = workers.Job{File: j.File, Skip: j.Skip}
		names := map[string]bool{}
		for _, e := range p.tests {
			p.job.Lines = append(p.job.Lines, e.Line)
			names[e.FullName()] = true
		}
		slices.Sort(p.job.Lines)
		p.job.Lines = slices.Compact(p.job.Lines)
		p.job.Only = slices.DeleteFunc(slices.Clone(j.Only), func(name string) bool { return !names[name] })
	}
	return parts
}

// units are the tests and blocks of a file that are not in another block.
func units(tests []harness.Event) (all []part) {
	at := map[string]int{}
	for _, e := range tests {
		var needs wire.Needs
		if len(e.Needs) > 0 && json.Unmarshal(e.Needs, &needs) != nil {
			needs = wire.Needs{}
		}
		key := e.Key()
		if len(e.Path) > 1 {
			key = e.Path[0]
		}
		i, known := at[key]
		if known {
			if both, ok := together(all[i].needs, needs); ok {
				all[i].needs, all[i].tests = both, append(all[i].tests, e)
				continue
			}
		}
		at[key] = len(all)
		all = append(all, part{needs: needs, tests: []harness.Event{e}})
	}
	return all
}

// byNeeds joins what has the same needs, and what is in the same line, because lines say
// which tests a job runs.
func byNeeds(all []part) (joined []part) {
	for _, p := range all {
		same := slices.IndexFunc(joined, func(other part) bool { return key(other.needs) == key(p.needs) })
		if same < 0 {
			joined = append(joined, p)
			continue
		}
		joined[same].tests = append(joined[same].tests, p.tests...)
	}
	for i := 0; i < len(joined); i++ {
		for k := len(joined) - 1; k > i; k-- {
			if shareLine(joined[i], joined[k]) {
				joined[i].needs, _ = together(joined[i].needs, joined[k].needs)
				joined[i].tests = append(joined[i].tests, joined[k].tests...)
				joined = slices.Delete(joined, k, k+1)
				k = len(joined)
			}
		}
	}
	return joined
}

func shareLine(a, b part) bool {
	return slices.ContainsFunc(a.tests, func(e harness.Event) bool {
		return slices.ContainsFunc(b.tests, func(other harness.Event) bool { return e.Line == other.Line })
	})
}

// key is the same for the same needs.
func key(n wire.Needs) string {
	n.Equipment, n.Tags = slices.Clone(n.Equipment), slices.Clone(n.Tags)
	slices.SortFunc(n.Equipment, func(a, b wire.Want) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Profile.Key(), b.Profile.Key()))
	})
	slices.Sort(n.Tags)
	text, _ := json.Marshal(n) // it was made from JSON
	return string(text)
}

// together is what meets both needs. It is not ok if they give one name to different
// equipment.
func together(a, b wire.Needs) (both wire.Needs, ok bool) {
	ok = true
	both.Equipment = slices.Clone(a.Equipment)
	for _, want := range b.Equipment {
		i := slices.IndexFunc(both.Equipment, func(w wire.Want) bool { return w.Name == want.Name })
		if i >= 0 && key(wire.Needs{Equipment: both.Equipment[i : i+1]}) == key(wire.Needs{Equipment: []wire.Want{want}}) {
			continue
		}
		ok = ok && i < 0
		both.Equipment = append(both.Equipment, want)
	}
	both.Tags = slices.Concat(a.Tags, b.Tags)
	slices.Sort(both.Tags)
	both.Tags = slices.Compact(both.Tags)
	both.Cores, both.Memory = max(a.Cores, b.Cores), max(a.Memory, b.Memory)
	both.Exclusive = a.Exclusive || b.Exclusive
	return both, ok
}
