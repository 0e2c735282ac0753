// Package leftovers finds what a test has left behind in its process: children,
// pseudoterminals, listening ports, other descriptors, and temporary files.
//
// [Watch] makes this process the one that adopts its orphaned descendants, so
// that nobody gets lost. After that, looking costs a handful of system calls as
// long as there is nothing to be found.
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

// Kinds are all of them.
var Kinds = []string{Process, PTY, Port, Descriptor, File}

// Watcher looks for leftovers of one process. It belongs to one goroutine, but
// for [Watcher.Excuse].
type Watcher struct {
	fds, temp *listing
	tempDir   string
	buffer    []byte
	excused   sync.Map // names in tempDir
}

// Things are what there is at some time: children by pid, descriptors, and
// names in the directory for temporary files.
type Things struct {
	children []int
	fds      []string
	files    []string
}

// Left is something that has been left behind.
type Left struct {
	Kind     string
	What     string
	Number   int // the pid or the descriptor
	Identity Identity
}

// Watch begins to watch this process.
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
	// What the runtime opens when it first waits for a descriptor is not to be
	// taken for a test's.
	r, pw, err := os.Pipe()
	if err == nil {
		_ = r.Close()
		_ = pw.Close()
	}
	return w, err
}

// Excuse has a temporary file be no leftover: whoever has made it will remove it.
func (w *Watcher) Excuse(path string) { w.excused.Store(filepath.Base(path), nil) }

// Look tells what there is now.
func (w *Watcher) Look() Things {
	return Things{w.children(), w.fds.names(w.buffer), w.temp.names(w.buffer)}
}

// Settled is a look after which nothing goes any more: what was ended closes its
// descriptors in a moment, and would be taken for what was there.
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

// Clean tells whether there is nothing now that was not before.
func (w *Watcher) Clean(before Things) bool { return w.within(w.Look(), before) }

// patience is how long something may take to be gone that is being closed when
// a test ends, by another goroutine or process. It is a number of looks and not a
// time, so that it is longer where the machine has other things to do.
const (
	patience = 50
	interval = 2 * time.Millisecond
)

// New tells what there is now and was not before. What is about to go has a
// moment for it, and what is garbage is collected: the collector closes files
// that nobody can use any more, and to leave them to it is good Lua. It may take
// more than one collection, as what is finalized keeps alive what it refers to.
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

// within tells whether there is nothing that was not before, and is not excused.
// As many descriptors as before are fine, whatever their numbers: a test may put
// one in the place of another, as when it connects a client of its block anew.
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

// children are the living ones. That there are none, which is how it should be,
// is known from one system call.
func (w *Watcher) children() []int {
	if !hasChildren() {
		return nil
	}
	all, err := process.Children(os.Getpid())
	if err != nil {
		return nil
	}
	pids := make([]int, len(all))
	for i, child := range all {
		pids[i] = child.PID
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

// commandOf is the command line of a process, behind the name that it has given
// itself if that is another one.
func commandOf(pid int) string {
	const most = 100
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	program, _, _ := bytes.Cut(line, []byte{0})
	text := strings.TrimSpace(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	stat, _ := process.ReadStat(pid)
	switch {
	case text == "":
		text = stat.Comm
	case !strings.HasPrefix(filepath.Base(string(program)), stat.Comm): // the kernel cuts names
		text = stat.Comm + ": " + text
	}
	return text[:min(len(text), most)]
}

func describeFD(name string) (Left, bool) {
	fd, err := strconv.Atoi(name)
	target, linkErr := os.Readlink("/proc/self/fd/" + name)
	switch {
	case err != nil, linkErr != nil, target == "anon_inode:[pidfd]": // these go with the child
		return Left{}, false
	case target == "/proc", strings.HasPrefix(target, "/proc/"): // who looks at processes, as we do
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

// End ends what can be ended: a child with all its tree, and a pseudoterminal,
// whose descriptor stays open but is no terminal any more: it is its owner's to
// close.
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

// Leak is what an event says of it.
func (l Left) Leak(made *harness.Frame, fails bool) harness.Leak {
	return harness.Leak{Kind: l.Kind, What: l.What, Made: made, Fail: fails}
}
