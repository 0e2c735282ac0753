package report

import (
	"cmp"
	"fmt"
	"io"

	"avescript/core/harness"
)

// Limits for the failures that the terminal shows.
const (
	mostFailures = 100
	mostLikewise = 3  // tests that failed because of the same hook
	mostListed   = 30 // in the list at the end
	longestList  = 100
	fewFailures  = 3 // so few failures fit on a screen without a list
)

// failures writes the failures at the end of a run to the terminal: first all details,
// and then, if there are many, a list of them at the very end, where people look first.
type failures struct {
	w     io.Writer
	style style
}

func (f failures) write(trouble []result) {
	groups := byHook(byFile(trouble))
	number := 1
	for _, group := range groups {
		if number > mostFailures {
			fmt.Fprintf(f.w, "\n%s\n", f.style.bold(fmt.Sprintf("%d more failures", len(trouble)-number+1)))
			break
		}
		f.failure(number, group[0])
		f.likewise(number+1, group[1:])
		number += len(group)
	}
	if len(groups) > fewFailures {
		f.list(groups)
	}
}

func (f failures) failure(number int, r result) {
	fmt.Fprintf(f.w, "\n%d) %s\n", number, f.style.bold(name(r.Event)+on(r.Event)))
	for _, l := range shorten(descriptions(r.Event)) {
		f.indented(f.style.line(l))
	}
	for _, e := range r.Earlier {
		f.indented(f.style.dim(fmt.Sprintf("attempt %d: %s", e.Attempt, cmp.Or(reason(e), string(e.Status)))))
	}
	if r.Output != "" {
		f.indented(f.style.dim("output:"))
		for _, line := range someLines(r.Output) {
			f.indented("  " + line)
		}
	}
	for _, a := range r.Artifacts {
		f.indented(f.style.dim(a.Kind+": ") + located(a))
	}
}

func (f failures) indented(text string) {
	fmt.Fprintf(f.w, "   %s\n", text)
}

// likewise lists tests that failed because of the hook that was just described.
func (f failures) likewise(number int, others []result) {
	for i, r := range others {
		if i == mostLikewise && len(others) > mostLikewise+1 {
			f.indented(f.style.dim(fmt.Sprintf("... and %d more with the same problem", len(others)-i)))
			return
		}
		fmt.Fprintf(f.w, "%d) %s %s\n", number+i, f.style.bold(name(r.Event)), f.style.dim("(same problem)"))
	}
}

// list has one line for each failure: what failed, why, and where to run it again.
func (f failures) list(groups [][]result) {
	fmt.Fprintln(f.w)
	for i, group := range groups {
		if i == mostListed {
			fmt.Fprintln(f.w, f.style.bold(fmt.Sprintf("... and %d more", len(groups)-i)))
			return
		}
		r := group[0]
		more := ""
		if len(group) > 1 {
			more = fmt.Sprintf(" and %d more", len(group)-1)
		}
		fmt.Fprintf(f.w, "%s %s%s: %s %s\n", f.style.red(string(r.Status)), clip(title(r.Event), longestList), more,
			clip(reason(r.Event), longestList), f.style.dim("("+declared(r.Event)+on(r.Event)+")"))
	}
}

// byFile groups results by file, because the results of workers are mixed. Files are in
// the order of their first result.
func byFile(all []result) []result {
	var files []string
	of := map[string][]result{}
	for _, r := range all {
		if of[r.File] == nil {
			files = append(files, r.File)
		}
		of[r.File] = append(of[r.File], r)
	}
	sorted := make([]result, 0, len(all))
	for _, file := range files {
		sorted = append(sorted, of[file]...)
	}
	return sorted
}

// byHook groups consecutive results that failed because of the same hook; every other
// result is a group of its own.
func byHook(all []result) (groups [][]result) {
	for i, r := range all {
		if i > 0 && sameHook(all[i-1].Event, r.Event) {
			last := len(groups) - 1
			groups[last] = append(groups[last], r)
			continue
		}
		groups = append(groups, []result{r})
	}
	return groups
}

// declared is the place of a test in the form that the command line takes.
func declared(e harness.Event) string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d", e.File, e.Line)
}
