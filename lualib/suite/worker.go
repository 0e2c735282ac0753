package suite

import (
	"cmp"
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

// statusOrphan is the exit status of a worker whose parent has ended.
const statusOrphan = 1

// Work is the main function of a worker: it runs the files that its parent names
// until there are no more. When own ends, the running test ends too, and the parent
// continues with another worker, because no test could run here any more. If the
// parent has ended, hooks still clean up. Tests that fail are shown
// to look, if the parent wants that.
func Work(own context.Context, newVM func() *vm.VM, look Look) error {
	var opts Options
	ctx, cancel := context.WithCancelCause(own)
	defer cancel(nil)
	busy := make(chan struct{}, 1)
	temp := os.TempDir() // the parent has made it for this process
	link, err := workers.Connect(&opts, func(end *workers.End) { cancel(end) }, func() {
		select {
		case busy <- struct{}{}: // idle: the loop below ends
		default:
			cancel(errors.New("the parent process has ended"))
			limit := time.Duration(cmp.Or(opts.TeardownTimeout, DefaultTeardown) * float64(time.Second))
			time.AfterFunc(limit+lastGrace, func() {
				leave(temp)
				os.Exit(statusOrphan)
			})
		}
	})
	if err != nil {
		return err
	}
	if opts.Watcher, err = leftovers.Watch(); err != nil {
		return err
	}
	go leftovers.Reap(cmd.Owns)
	opts.New, opts.Link, opts.Clock = newVM, link, link.Clock()
	if opts.Debug {
		opts.Look = look
	}
	opts.Exit = func() {
		cmd.KillAll()
		os.Exit(statusOrphan)
	}
	var reporter harness.Reporter = link
	if opts.FailFast {
		// The next test must not begin before the parent could tell the worker to
		// stop.
		reporter = harness.Reporters{link, onBad(func() { cancel(workers.ErrStopped) })}
	}
	for job := range link.Jobs() {
		select {
		case busy <- struct{}{}:
		default: // the parent has just ended
			leave(temp)
			return nil
		}
		opts.job = newJob(job)
		_ = runFile(ctx, job.File, reporter, opts)
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

// leave ends what the worker has started, and removes its files. The parent would
// do it too, but it may have ended.
func leave(temp string) {
	cmd.KillAll()
	leftovers.EndAll(time.Second)
	_ = os.RemoveAll(temp)
}

// job says which tests of a file a worker runs, and which it leaves out because
// they have run already.
type job struct {
	skip  map[string]int  // by key: how many
	only  map[string]bool // by full name: whether a test has had it
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

// skips reports whether a test is left out, and records that its name was found.
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

// missing lists the names that no test has had. Another worker may have found them.
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

// lineList returns the lines of the tests to run.
func (j *job) lineList(L *lua.LState) lua.LValue {
	list := L.NewTable()
	if j != nil {
		for _, line := range j.lines {
			list.Append(lua.LNumber(line))
		}
	}
	return list
}
