package check

import (
	"encoding/json"
	"fmt"
	"io"

	"avescript/core/harness"
	"avescript/core/harness/report"
	"avescript/core/printable"
)

// WriteText writes findings in the form that people and editors read: FILE:LINE:
// MESSAGE.
func WriteText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%s:%d: %s\n", printable.Line(f.File), f.Line, printable.Line(f.Message)); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON writes findings as an object in each line.
func WriteJSON(w io.Writer, findings []Finding) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, f := range findings {
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// WriteGitHub writes findings as annotations, which GitHub shows beside the source.
func WriteGitHub(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		at := harness.Frame{File: f.File, Line: f.Line}
		if _, err := fmt.Fprintln(w, report.Annotation{Level: "error", At: at, Title: "check: " + string(f.Kind), Message: f.Message}); err != nil {
			return err
		}
	}
	return nil
}
