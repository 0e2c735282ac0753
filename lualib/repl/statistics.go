package repl

import (
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/printable"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// The command :stat.

// runStat shows the statistics of the target. It asks on a connection of its own, where
// it does not have to wait for the calls in progress.
func (r *repl) runStat(ctx context.Context, args string) (string, error) {
	t := r.target.Load()
	switch {
	case args != "":
		return "", fmt.Errorf(":stat takes no arguments: got %q", args)
	case t == nil:
		return "", errNoTarget
	}
	s, err := t.statistics(ctx)
	if err != nil {
		return "", err
	}
	return statText(s, r.width()), nil
}

func (t *target) statistics(ctx context.Context) (s control.Statistics, err error) {
	client := t.client.Another()
	defer client.Close()
	answer, err := client.Call(ctx, "$statistics", nil, nil, cmp.Or(t.settings.Timeout, connectTime))
	if errors.Is(err, exceptions.AuthError) && !isAboutKey(t.explained(err)) {
		return s, fmt.Errorf("%w; with the key of an account: :connect %s ACCOUNT", err, t.client.Address().Peer())
	}
	if err != nil {
		return s, t.explained(err)
	}
	if err := json.Unmarshal(answer, &s); err != nil {
		return s, fmt.Errorf("wanted the statistics of a service: %w", err)
	}
	s.Connections = max(0, s.Connections-1) // without the one that asks
	return s, nil
}

func statText(s control.Statistics, width int) string {
	lines := []string{
		fmt.Sprintf("process     %s (%d) of %s", printable.Line(s.Process.Name), s.Process.PID, printable.Line(s.Process.Account)),
		fmt.Sprintf("up          %s", readable(time.Duration(s.Uptime*float64(time.Second)))),
		fmt.Sprintf("memory      %s, %s", bytesText(s.Process.Memory), count(s.Goroutines, "goroutine")),
		fmt.Sprintf("clients     %d now, %d so far", s.Connections, s.Accepted),
		fmt.Sprintf("handshakes  %d failed", s.HandshakeFailures),
		fmt.Sprintf("calls       %d served, %d of them failed, %d refused", s.Calls, s.Errors, s.Refused),
	}
	for _, limit := range slices.Sorted(maps.Keys(s.Limits)) {
		if n := s.Limits[limit]; n > 0 {
			lines = append(lines, fmt.Sprintf("limit       %s reached %d times", printable.Line(limit), n))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Callbacks)) {
		c := s.Callbacks[name]
		lines = append(lines, fmt.Sprintf("callback    %s failed %s; last error: %s", printable.Line(name), count(int(c.Errors), "time"), printable.Line(c.Last)))
	}
	for _, call := range s.Ongoing {
		state := "under way"
		if call.Waiting {
			state = "waits    "
		}
		lines = append(lines, fmt.Sprintf("%s   %d %s, for %s, by %v:%v %s", state, call.Number, printable.Line(call.Method),
			readable(time.Duration(call.Seconds*float64(time.Second))), call.Client[0], call.Client[1], printable.Line(strings.Join(call.Accounts, ","))))
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(printable.Line(line), " ")
		if width > 0 && !strings.HasPrefix(line, "callback") { // the whole message is needed
			lines[i] = ansi.Truncate(lines[i], width, "…")
		}
	}
	if len(s.Methods) == 0 {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines, "\n") + "\n\n" + methodsText(s, width)
}

// methodsText is a table of the methods. If it is too wide, the last columns are left out.
func methodsText(s control.Statistics, width int) string {
	rows := [][]string{{"CALLS", "FAILED", "MEAN", "99% WITHIN", "METHOD"}}
	for _, name := range slices.Sorted(maps.Keys(s.Methods)) {
		m := s.Methods[name]
		mean := time.Duration(0)
		if m.Calls > 0 {
			mean = time.Duration(m.Seconds / float64(m.Calls) * float64(time.Second))
		}
		rows = append(rows, []string{strconv.FormatInt(m.Calls, 10), strconv.FormatInt(m.Errors, 10), readable(mean), within(m, s.Bounds), printable.Line(name)})
	}
	if text := columns(rows, "rrrr", width); text != "" {
		return text
	}
	for i, row := range rows {
		rows[i] = []string{row[0], row[1], row[2], ansi.Truncate(row[4], max(8, width-26), "…")}
	}
	return columns(rows, "rrr", 0)
}

// within is the time within which 99 of 100 calls ended.
func within(m control.MethodStatistics, bounds []float64) string {
	var seen int64
	for i, n := range m.Latency {
		if seen += n; seen*100 >= m.Calls*99 && i < len(bounds) {
			return readable(time.Duration(bounds[i] * float64(time.Second)))
		}
	}
	if len(bounds) == 0 {
		return "-"
	}
	return "> " + readable(time.Duration(bounds[len(bounds)-1]*float64(time.Second)))
}

// bytesText is an amount of memory.
func bytesText(n int64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB"} {
		if n < 10240 {
			return fmt.Sprintf("%d %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%d GiB", n)
}
