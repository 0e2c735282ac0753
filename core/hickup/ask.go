package hickup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/printable"
	"avescript/core/process"
)

// askInterval is how often to check whether a process has written its file.
const askInterval = 50 * time.Millisecond

// Target is a process that can be asked for its file, and its depth below the process
// that gets the signal.
type Target struct {
	process.Program
	Depth int
}

// Targets finds the processes of this user that have one of the names or pids, with the
// children to which they pass on the signal: a parent before its children. Without
// names it finds all services; a script must be given by its pid, because not every
// command of this program answers.
func Targets(names []string) ([]Target, error) {
	programs, err := process.Programs()
	if err != nil {
		return nil, err
	}
	all := map[int]process.Program{}
	for _, p := range programs {
		if catches, err := process.Catches(p.PID, unix.SIGUSR1); err == nil && catches && p.UID == os.Geteuid() {
			all[p.PID] = p
		}
	}
	var roots []int
	for pid, p := range all {
		parent := all[p.Parent]
		top := p.IsNamed() && !parent.IsNamed()
		if len(names) == 0 && top || slices.Contains(names, strconv.Itoa(pid)) || slices.Contains(names, p.Comm) {
			roots = append(roots, pid)
		}
	}
	slices.Sort(roots)
	var targets []Target
	for _, pid := range roots {
		targets = appendTree(targets, all, pid, 0)
	}
	return targets, nil
}

func appendTree(targets []Target, all map[int]process.Program, pid, depth int) []Target {
	if slices.ContainsFunc(targets, func(t Target) bool { return t.PID == pid }) {
		return targets
	}
	targets = append(targets, Target{all[pid], depth})
	for _, child := range slices.Sorted(maps.Keys(all)) {
		if p := all[child]; p.Parent == pid && p.IsNamed() {
			targets = appendTree(targets, all, child, depth+1)
		}
	}
	return targets
}

// List writes the names of processes, each below its parent.
func List(out io.Writer, targets []Target) {
	for _, t := range targets {
		fmt.Fprintf(out, "%s%s (%d)\n", strings.Repeat("  ", t.Depth), t.title(), t.PID)
	}
}

func (t *Target) title() string {
	if t.Script != "" {
		return printable.Line(t.Comm + " " + t.Script)
	}
	return printable.Line(t.Comm)
}

// Ask makes the processes write their files and shows these as they arrive; Go's
// goroutines are only included if requested. It waits at most for the timeout, and
// returns how many processes have written nothing.
func Ask(ctx context.Context, out io.Writer, home string, targets []Target, goroutines bool, timeout time.Duration) (missing int, err error) {
	if home == "" {
		if home, err = os.UserHomeDir(); err != nil {
			return 0, err
		}
	}
	dir := filepath.Join(home, ".ave", "hickup")
	before := writtenIn(dir)
	for _, t := range targets {
		if t.Depth == 0 { // children get the signal from their parents
			_ = syscall.Kill(t.PID, syscall.SIGUSR1) // the process may have ended
		}
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, t := range targets {
		name := await(limited, dir, t.PID, before)
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		fmt.Fprintf(out, "=== %s (%d)\n", t.title(), t.PID)
		if name == "" {
			missing++
			fmt.Fprint(out, "it has written nothing\n\n")
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		if begin := bytes.LastIndex(text, []byte("\n"+goPart)); begin >= 0 && !goroutines {
			text = text[:begin+1]
		}
		fmt.Fprintln(out, printable.Lines(string(text), ""))
	}
	return missing, nil
}

// await waits for a new file of a process, and returns its name, or "" if there is
// none.
func await(ctx context.Context, dir string, pid int, before map[string]time.Time) string {
	for {
		_, gone := process.ReadStat(pid) // before the check for files, so that a last file is found
		for name, written := range writtenIn(dir) {
			if strings.HasSuffix(name, fmt.Sprintf("-%d", pid)) && !written.Equal(before[name]) {
				return name
			}
		}
		if gone != nil || ctx.Err() != nil {
			return ""
		}
		select {
		case <-ctx.Done():
		case <-time.After(askInterval):
		}
	}
}

// writtenIn returns when each file of a directory was written. Within a second, a
// process writes to the same name.
func writtenIn(dir string) map[string]time.Time {
	written := map[string]time.Time{}
	entries, _ := os.ReadDir(dir) // it may not exist yet
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			written[e.Name()] = info.ModTime()
		}
	}
	return written
}
