package schedule

import (
	"cmp"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
)

// limits keep one user from using up the memory of the hub, and the view of the lab from
// becoming too large for a message.
type limits struct {
	runs, jobs int // of a user that are known
}

var usualLimits = limits{runs: 5000, jobs: 1_000_000}

const (
	longestText  = 1000      // bytes of a title or a reason: the rest is cut off
	longestName  = 5000      // bytes of the name of a job or of a need
	mostNeeds    = 100       // pieces, and tags, that a job needs
	mostShapes   = 1000      // different needs of the jobs of a run: what each host has for them is kept
	mostSettings = 256 << 10 // bytes of the options of a run
)

// cut shortens a text for people.
func cut(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + "..."
}

// makeRoom drops the oldest runs of a user that are over, if the user has too many for
// another part. It is refused if that is not enough.
func (s *State) makeRoom(m *wire.Submit, most limits, now float64) (entries []Entry, err error) {
	u := s.users[m.Run.User]
	if u == nil {
		u = &user{}
	}
	runs, jobs := u.runs, u.jobs+len(m.Jobs)
	if s.runs[m.Run.ID] == nil {
		runs++
	}
	if runs <= most.runs && jobs <= most.jobs {
		return nil, nil
	}
	var over []*run
	for _, r := range sorted(s.runs) {
		if r.owner == u && r.over {
			over = append(over, r)
		}
	}
	slices.SortStableFunc(over, func(a, b *run) int { return cmp.Compare(a.ended, b.ended) })
	const enough = 0.9 // so that not each submission has to look
	for _, r := range over {
		if float64(runs) <= enough*float64(most.runs) && float64(jobs) <= enough*float64(most.jobs) {
			break
		}
		runs--
		jobs -= len(r.jobs)
		entries = append(entries, Entry{Kind: Dropped, Time: now, Run: r.ID})
	}
	if runs > most.runs || jobs > most.jobs {
		return nil, refuse(wire.CodeRefused, "%s would have %d runs with %d jobs that are not over: wanted at most %d runs and %d jobs: cancel some, or wait until some are over",
			m.Run.User, runs, jobs, most.runs, most.jobs)
	}
	return entries, nil
}

// checkSizes checks how long the texts and the lists of a part are.
func checkSizes(m *wire.Submit) error {
	if n := len(m.Run.Setup) + len(m.Run.Coverage); n > mostSettings {
		return refuse(wire.CodeRefused, "the options of run %s have %d bytes: wanted at most %d", m.Run.ID, n, mostSettings)
	}
	if max(len(m.Run.Code), len(m.Run.Program), len(m.Run.Inbox), len(m.Run.Version)) > longestText {
		return refuse(wire.CodeRefused, "run %s: wanted at most %d bytes for its code, program, version and inbox", m.Run.ID, longestText)
	}
	for i := range m.Jobs {
		j := &m.Jobs[i]
		longest := len(j.Name)
		for _, w := range j.Needs.Equipment {
			longest = max(longest, len(w.Name))
		}
		for _, tag := range j.Needs.Tags {
			longest = max(longest, len(tag))
		}
		if longest > longestName || len(j.Needs.Equipment) > mostNeeds || len(j.Needs.Tags) > mostNeeds {
			return refuse(wire.CodeRefused, "%s: wanted names of at most %d bytes, and at most %d pieces and tags", cut(j.Name), longestName, mostNeeds)
		}
		if n, tags := len(j.Needs.Equipment), len(j.Needs.Tags); n > mostNeeds || tags > mostNeeds {
			return refuse(wire.CodeRefused, "%s: wanted at most %d pieces of equipment and %d tags, got %d and %d",
				cut(j.Name), mostNeeds, mostNeeds, n, tags)
		}
	}
	return nil
}
