package host

import (
	"slices"
	"strings"
)

// isPrivate reports whether a variable of this process is not for jobs.
func isPrivate(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch name {
	case "AVE_LAB", "AVE_AUTHKEY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID",
		"CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", jobVariable, "AVESCRIPT_COVERAGE", "AVESCRIPT_PROFILE":
		return true
	}
	return false
}

// isCommon reports whether a variable of this process is also for jobs of another account.
// Others may be secrets of root.
func isCommon(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains([]string{"PATH", "LANG", "LANGUAGE", "TZ", "TERM"}, name) || strings.HasPrefix(name, "LC_")
}
