// Package leftovers finds what a test left behind in its process: children,
// pseudoterminals, listening ports, other descriptors, and temporary files.
//
// [Watch] makes this process adopt its orphaned descendants, so that none is lost.
// After that, a look costs only a few system calls as long as nothing is left behind.
package leftovers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/process"
)

// The kinds of leftovers.
const (
	Process    = "process"
	PTY        = "pty"
	Port       = "port"
	Descriptor = "descriptor"
	File       = "file"
)

// Kinds are all kinds of leftovers.
var Kinds = []string{Process, PTY, Port, Descriptor, File}

// Watcher looks for leftovers of one process. It must be used by one goroutine only,
// except [Watcher.Excuse].
type Watcher struct {
	fds, temp *listing
	tempDir   string
	buffer    []byte
	excused   sync.Map // names in tempDir
	begun     int      // number of descriptors at the last Begin
}

// Things is what exists at some time: children by pid, descriptors, and names in the
// directory for temporary files.
type Things struct {
	children []int
	fds      []string
	files    []string
}

// Left is something that was left behind.
type Left struct {
	Kind     string
	What     string
	Number   int // the pid or the descriptor
	Identity Identity
}

// Watch starts to watch this process.
func Watch() (*Watcher, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("adopt orphans: %w", err)
	}
	w := &Watcher{tempDir: os.TempDir(), buffer: make([]byte, 16<<10)}
	var err error
	if w.fds, err = open("/proc/self/fd", sameCount); err != nil {
		return nil, err
	}
	if w.temp, err = open(w.tempDir, sameTime); err != nil {
		return nil, err
	}
	// When the runtime waits for a descriptor for the first time, it opens descriptors
	// of its own. Make it do so now, so that they are not blamed on a test.
	r, pw, err := os.Pipe()
	if err == nil {
		_ = r.Close()
		_ = pw.Close()
	}
	return w, err
}

// Excuse says that a temporary file is not left behind: its creator will remove it.
func (w *Watcher) Excuse(path string) { w.excused.Store(filepath.Base(path), nil) }

// Look returns what exists now.
func (w *Watcher) Look() Things {
	return Things{w.children(), w.fds.names(w.buffer), w.temp.names(w.buffer)}
}

// Begin is the look that later ones are compared with. A descriptor that is open only
// for a moment, for example to look at processes, could hide one that is left behind.
// So if there are more descriptors than the last time, it looks again until they stay.
func (w *Watcher) Begin() Things {
	now := w.Look()
	if len(now.fds) > w.begun {
		now = w.Settled()
	}
	w.begun = len(now.fds)
	return now
}

// Settled looks until nothing disappears any more: a process that was ended needs a
// moment to close its descriptors, which would be counted as older otherwise.
func (w *Watcher) Settled() Things {
	now := w.Look()
	for range patience {
		time.Sleep(interval)
		before := now
		if now = w.Look(); len(now.fds) == len(before.fds) && len(now.children) == len(before.children) {
			break
		}
	}
	return now
}

// Clean reports whether everything that exists now existed before.
func (w *Watcher) Clean(before Things) bool { return w.within(w.Look(), before) }

// patience is how long something may take to be closed by another goroutine or process
// when a test ends. It is a number of looks and not a time, so that it becomes longer
// on a busy machine.
const (
	patience = 50
	interval = 2 * time.Millisecond
)

// New returns what exists now and did not exist before. It gives things a moment to
// disappear, and collects garbage: in Lua it is usual to let the collector close files
// that are no longer used. This may take more than one collection, because a finalizer
// keeps alive what its object refers to.
func (w *Watcher) New(before Things) []Left {
	for look := range patience {
		now := w.Look()
		if w.within(now, before) {
			return nil
		}
		if look%16 == 1 && len(now.fds) > len(before.fds) {
			runtime.GC()
		}
		time.Sleep(interval)
	}
	return w.describe(w.Look(), before)
}

// within reports whether everything existed before or is excused. For descriptors only
// the number of them counts: a test may replace one by another, for example if it
// reconnects the client of its block.
func (w *Watcher) within(now, before Things) bool {
	return len(now.fds) <= len(before.fds) && subset(now.children, before.children) &&
		(subset(now.files, before.files) || len(w.newFiles(now, before)) == 0)
}

func (w *Watcher) newFiles(now, before Things) []string {
	return slices.DeleteFunc(slices.Clone(now.files), func(name string) bool {
		_, excused := w.excused.Load(name)
		return excused || slices.Contains(before.files, name)
	})
}

func subset[T comparable](list, of []T) bool {
	if slices.Equal(list, of) {
		return true
	}
	return !slices.ContainsFunc(list, func(v T) bool { return !slices.Contains(of, v) })
}

// children returns the children that are alive.
func (w *Watcher) children() []int {
	all, err := process.Children(os.Getpid())
	if err != nil {
		return nil
	}
	var pids []int
	for _, child := range all {
		pids = append(pids, child.PID)
	}
	return pids
}

func (w *Watcher) describe(now, before Things) (all []Left) {
	for _, pid := range now.children {
		if !slices.Contains(before.children, pid) {
			what := fmt.Sprintf("process %d (%s)", pid, commandOf(pid))
			all = append(all, Left{Process, what, pid, IdentityOfProcess(pid)})
		}
	}
	for _, name := range now.fds {
		if !slices.Contains(before.fds, name) {
			if left, ok := describeFD(name); ok {
				all = append(all, left)
			}
		}
	}
	for _, name := range w.newFiles(now, before) {
		path := filepath.Join(w.tempDir, name)
		all = append(all, Left{Kind: File, What: "file " + path, Identity: IdentityOfFile(path)})
	}
	return all
}

// commandOf is the command line of a process. If the process has changed its name, the
// name comes first.
func commandOf(pid int) string {
	const most = 100
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	program, _, _ := bytes.Cut(line, []byte{0})
	text := strings.TrimSpace(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	stat, _ := process.ReadStat(pid)
	switch {
	case text == "":
		text = stat.Comm
	case !strings.HasPrefix(filepath.Base(string(program)), stat.Comm): // the kernel truncates names
		text = stat.Comm + ": " + text
	}
	return text[:min(len(text), most)]
}

func describeFD(name string) (Left, bool) {
	fd, err := strconv.Atoi(name)
	target, linkErr := os.Readlink("/proc/self/fd/" + name)
	switch {
	case err != nil, linkErr != nil, target == "anon_inode:[pidfd]": // these belong to the child
		return Left{}, false
	case target == "/proc", strings.HasPrefix(target, "/proc/"): // descriptors for looking at processes, like ours
		return Left{}, false
	}
	left := Left{Number: fd, Identity: IdentityOfDescriptor(fd)}
	listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	switch {
	case strings.HasSuffix(target, "/ptmx"):
		left.Kind, left.What = PTY, fmt.Sprintf("pseudoterminal (descriptor %d)", fd)
	case err == nil && listening == 1:
		left.Kind, left.What = Port, addressOf(fd)
	default:
		left.Kind, left.What = Descriptor, fmt.Sprintf("descriptor %d (%s)", fd, target)
	}
	return left, true
}

func addressOf(fd int) string {
	address, _ := unix.Getsockname(fd)
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return fmt.Sprintf("listening port %d", a.Port)
	case *unix.SockaddrInet6:
		return fmt.Sprintf("listening port %d", a.Port)
	case *unix.SockaddrUnix:
		return "listening socket " + a.Name
	}
	return "listening socket"
}

// End ends a leftover if possible: a child with all its descendants, and a
// pseudoterminal. The descriptor of a pseudoterminal stays open but is no longer a
// terminal: its owner has to close it.
func (l Left) End() {
	switch l.Kind {
	case Process:
		if session, err := unix.Getsid(l.Number); err == nil && session == l.Number {
			_ = process.KillTree(l.Number, process.HangUp)
		}
		_ = unix.Kill(l.Number, unix.SIGKILL)
	case PTY:
		null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return
		}
		defer unix.Close(null)
		_ = unix.Dup3(null, l.Number, unix.O_CLOEXEC)
	}
}

// Leak describes the leftover for an event.
func (l Left) Leak(made *harness.Frame, fails bool) harness.Leak {
	return harness.Leak{Kind: l.Kind, What: l.What, Made: made, Fail: fails}
}
