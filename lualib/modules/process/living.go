package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/launch"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// Living are the running processes that the scripts of an interpreter have started
// or adopted. A takeover hands them over too: see [process.Entrust].
type Living struct {
	mu    sync.Mutex
	byPid map[int]LivingProcess
}

// LivingProcess is one running process, with what a service tells the service that
// takes over about it.
type LivingProcess struct {
	Pid      int      `json:"pid"`
	Name     string   `json:"name"`
	Lifeline *os.File `json:"-"`
	process  launch.Process
}

// Alive reports whether the process is still running.
func (p LivingProcess) Alive() bool { return p.process.Alive() }

var living = vm.Keep(func(*lua.LState) *Living { return &Living{byPid: map[int]LivingProcess{}} })

// LivingOf returns the running processes of an interpreter.
func LivingOf(L *lua.LState) *Living { return living.Of(L) }

// add takes ownership of the lifeline.
func (l *Living) add(p LivingProcess) {
	l.mu.Lock()
	l.byPid[p.Pid] = p
	l.mu.Unlock()
	go func() {
		<-p.process.Ended()
		l.mu.Lock()
		delete(l.byPid, p.Pid)
		l.mu.Unlock()
		p.Lifeline.Close()
	}()
}

// Entrust makes all processes rely on their lifelines, and returns those that are
// running.
func (l *Living) Entrust(ctx context.Context, timeout time.Duration) ([]LivingProcess, error) {
	l.mu.Lock()
	all := slices.Collect(maps.Values(l.byPid))
	l.mu.Unlock()
	var entrusting sync.WaitGroup
	failed := make(chan error, len(all))
	for _, p := range all {
		entrusting.Go(func() {
			if err := process.Entrust(ctx, p.Lifeline, timeout); err != nil && p.Alive() {
				failed <- fmt.Errorf("process %d, %s: %w", p.Pid, p.Name, err)
			}
		})
	}
	entrusting.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	return slices.DeleteFunc(all, func(p LivingProcess) bool { return !p.Alive() }), nil
}

// adopted is the Go part of a Process that another service has started.
type adopted struct{ *process.Daemon }

// Adopt makes an object for a process that another service has started, and takes
// ownership of its lifeline. It returns nil if the process has ended.
func Adopt(L *lua.LState, p LivingProcess, lifeline *os.File) (*lua.LTable, error) {
	found, err := process.FindDaemon(p.Pid)
	if errors.Is(err, unix.ESRCH) {
		return nil, lifeline.Close()
	}
	if err != nil {
		return nil, err
	}
	p.process, p.Lifeline = adopted{found}, lifeline
	LivingOf(L).add(p)
	return adoptedProcess(L, found, p.Pid, p.Name), nil
}

// Find opens any running process as if it were adopted, and returns its start time.
// If start is not empty, it says which process is meant. The object is nil if that
// process has ended.
func Find(L *lua.LState, pid int, start string) (object *lua.LTable, began string, err error) {
	found, err := process.FindDaemon(pid)
	if errors.Is(err, unix.ESRCH) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	stat, err := process.ReadStat(pid) // after the process was opened, so that the pid cannot be reused
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	began = strconv.FormatUint(stat.Start, 10)
	if start != "" && start != began || !found.Alive() {
		return nil, "", nil
	}
	return adoptedProcess(L, found, pid, stat.Comm), began, nil
}

// adoptedProcess makes the object of a process that this one has not started.
func adoptedProcess(L *lua.LState, found *process.Daemon, pid int, name string) *lua.LTable {
	object := bind.New(L, &Class, adopted{found})
	object.RawSetString("pid", lua.LNumber(pid))
	object.RawSetString("adopted", lua.LTrue)
	SetFields(object, false, name)
	return object
}
