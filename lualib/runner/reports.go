package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"avescript/core/harness"
	"avescript/core/harness/report"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
)

// written closes the reports, and prints which ones are incomplete. Then the run
// has not passed, because nobody can read its results.
func written(reports *report.Set, stderr io.Writer) bool {
	err := reports.Close()
	if err != nil {
		fmt.Fprintln(stderr, "avescript: "+err.Error())
	}
	return err == nil
}

// view returns what the report for people may do on its output.
func view(w io.Writer) report.View {
	if f, ok := w.(*os.File); ok {
		return report.ViewOf(f, script.HasColor(f))
	}
	return report.View{}
}

// uncut is a reporter that gets no more events after a run was cut off: the part
// that has passed would look like the result of a complete run.
type uncut struct {
	harness.Reporter
	run context.Context
}

// Report passes on the event.
func (u uncut) Report(e harness.Event) {
	if !errors.Is(context.Cause(u.run), workers.ErrStopped) {
		u.Reporter.Report(e)
	}
}
