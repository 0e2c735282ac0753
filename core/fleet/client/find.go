package client

import (
	"fmt"
	"strings"

	"avescript/core/fleet/wire"
	"avescript/core/printable"
)

func findRun(runs []wire.LabRun, text, user string) (string, error) {
	var found []string
	last := ""
	for _, run := range runs {
		switch {
		case run.Run == text:
			return text, nil
		case text != "" && strings.HasSuffix(run.Run, text):
			found = append(found, run.Run)
		case text == "" && run.User == user && run.Kind == wire.Tests && run.Run > last:
			last = run.Run
		}
	}
	switch {
	case last != "":
		return last, nil
	case text == "":
		return "", fmt.Errorf("%s has submitted no run that is still known: name one, as 'avescript lab' shows it", user)
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("%d runs end with %s: name one of %s", len(found), printable.Line(text), strings.Join(found, ", "))
	}
	return text, nil // it may have ended long ago; then its stream says so
}
