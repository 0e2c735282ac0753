package suite

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/cmd"
	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/core/harness/workers"
	"avescript/lualib/vm"
)

// statusOrphan is what a worker exits with whose parent has gone.
const statusOrphan = 1

// Work is the main function of a worker: it runs the files that its parent names
// until there are no more. When own ends, so does the test that is running, and the
// parent is left to go on with another worker: no test could run here any more.
func Work(own context.Context, newVM func() *vm.VM) error {
	var opts Options
	ctx, cancel := context.WithCancelCause(own)
	defer cancel(nil)
	busy := make(chan struct{}, 1)
	temp := os.TempDir() // which the parent has made for this process
	link, err := workers.Connect(&opts, func(why string) { cancel(errors.New(why)) }, func() {
		select {
		case busy <- struct{}{}: // idle: the loop below ends
		default:
			leave(temp)
			os.Exit(statusOrphan)
		}
	})
	if err != nil {
		return err
	}
	if opts.Watcher, err = leftovers.Watch(); err != nil {
		return err
	}
	go leftovers.Reap(cmd.Owns)
	opts.New, opts.Link = newVM, link
	opts.Exit = func() {
		cmd.KillAll()
		os.Exit(statusOrphan)
	}
	run := harness.Start(link, 0)
	for job := range link.Jobs() {
		select {
		case busy <- struct{}{}:
		default: // the parent has gone just now
			leave(temp)
			return nil
		}
		opts.job = newJob(job)
		run.StartFile(job.File)
		_ = runFile(ctx, job.File, run, opts)
		if own.Err() != nil {
			link.Gone()
			break
		}
		<-busy
		link.Done()
	}
	leave(temp)
	return nil
}

// leave ends what the worker has started, and removes its files. Its parent would
// do it, too, if it lived.
func leave(temp string) {
	cmd.KillAll()
	leftovers.EndAll(time.Second)
	_ = os.RemoveAll(temp)
}

// job says which tests of a file a worker leaves out, because they have run, and
// which it runs.
type job struct {
	skip  map[string]int  // by key: how many of them
	only  map[string]bool // by full name: whether it has turned up
	lines []int
	whole bool
}

func newJob(j workers.Job) *job {
	made := &job{skip: map[string]int{}, lines: j.Lines, whole: j.IsWhole()}
	for _, key := range j.Skip {
		made.skip[key]++
	}
	if len(j.Only) > 0 {
		made.only = map[string]bool{}
		for _, name := range j.Only {
			made.only[name] = false
		}
	}
	return made
}

// skips tells whether a test is left out, and remembers that it was asked for.
func (j *job) skips(key, name string) bool {
	if j == nil {
		return false
	}
	_, wanted := j.only[name]
	if wanted {
		j.only[name] = true
	}
	if j.skip[key] > 0 {
		j.skip[key]--
		return true
	}
	return j.only != nil && !wanted
}

// missing are the names that no test has had. Another worker may have met them.
func (j *job) missing() (names []string) {
	if j == nil || len(j.skip) > 0 {
		return nil
	}
	for name, met := range j.only {
		if !met {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (j *job) diedIn(key string) bool { return j != nil && j.skip[key] > 0 }

func (j *job) isAll() bool { return j == nil || j.whole }

// lineList is where the tests to run are.
func (j *job) lineList(L *lua.LState) lua.LValue {
	list := L.NewTable()
	if j != nil {
		for _, line := range j.lines {
			list.Append(lua.LNumber(line))
		}
	}
	return list
}
