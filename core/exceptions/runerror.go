package exceptions

import (
	"cmp"
	"fmt"
	"maps"
)

// RunErrorDetails are the entries that every RunError has besides its message: the
// command and its output, the latter also under its older name. Clients of the earlier
// system read them without checking whether they exist.
var RunErrorDetails = []string{"cmd", "out", "ptyout"}

// AllDetails are the details that are sent and shown. In a RunError, required details
// that are missing are "".
func (e *Error) AllDetails() map[string]any {
	if !e.Class.IsA(RunError) {
		return e.Details
	}
	all := map[string]any{"cmd": "", "out": e.Details["ptyout"], "ptyout": e.Details["out"]}
	maps.Copy(all, e.Details)
	for _, name := range RunErrorDetails {
		if all[name] == nil {
			all[name] = ""
		}
	}
	return all
}

// runErrorText is the command, the message and the output, as in the earlier system;
// only the message if nothing else is known.
func (e *Error) runErrorText() string {
	all := e.AllDetails()
	cmd, out := words(all["cmd"]), words(all["out"])
	if cmp.Or(cmd, out) == "" {
		return e.Message
	}
	return fmt.Sprintf("%s:\n%s:\n%s", cmd, e.Message, out)
}
