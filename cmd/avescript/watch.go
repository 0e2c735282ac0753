package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"

	"avescript/core/harness"
	"avescript/core/harness/watch"
	"avescript/lualib/suite"
)

// watch runs tests until ctx ends, and again whenever Lua files change.
func (t *testCommand) watch(ctx context.Context) error {
	_, opts, err := t.chosen.find(ctx, func(...any) {}) // run warns
	if err != nil {
		return err
	}
	trees, err := watch.Open(t.watched(opts), isWatched)
	if err != nil {
		return err
	}
	defer trees.Close()
	due, err := t.runUntilChange(ctx, nil, trees, func(mistake error) error { return mistake })
	for err == nil {
		due, err = t.runUntilChange(ctx, due, trees, func(mistake error) error {
			t.warn("avescript: " + mistake.Error()) // the next change may mend it
			return nil
		})
	}
	return err
}

// errEnded is why nobody looks for changes during a run any more.
var errEnded = errors.New("the tests have ended")

// runUntilChange runs the tests that files are due for, or all if there are none, and
// waits for a change. It returns the files that are due then. A run that is under way
// is ended: it tests what is not there any more, and the new one does its part.
func (t *testCommand) runUntilChange(
	ctx context.Context, due []string, trees *watch.Trees, mistaken func(error) error,
) ([]string, error) {
	changed, mistake, err := t.runAndLook(ctx, due, trees)
	switch cut := errors.Is(mistake, suite.ErrStopped); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case cut:
		t.announce(changed)
		if due == nil {
			return nil, nil
		}
		return append(due, changed...), nil
	case mistake != nil:
		if err := mistaken(mistake); err != nil {
			return nil, err
		}
	}
	if len(changed) == 0 {
		t.warn("\nwaiting for Lua files to change, until Ctrl-C")
		if changed, err = trees.Changed(ctx); err != nil {
			return nil, err
		}
	}
	t.announce(changed)
	return changed, nil
}

// runAndLook runs tests until they end or files change, and lists these. What is wrong
// with the command line or .busted is the mistake, or [suite.ErrStopped] if the run
// was cut off.
func (t *testCommand) runAndLook(ctx context.Context, due []string, trees *watch.Trees) (changed []string, mistake, err error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over, end := context.WithCancelCause(context.WithoutCancel(ctx))
	trees.Begin()
	go func() {
		mistake = t.run(running, due)
		end(errEnded)
	}()
	changed, err = trees.Changed(over)
	cut := over.Err() == nil
	if cut {
		stop(suite.ErrStopped)
	}
	<-over.Done()
	late, lost := trees.End(t.areUsers())
	if errors.Is(err, errEnded) {
		err = nil
	}
	if cut {
		mistake = suite.ErrStopped
	} else if hasFailed(mistake) {
		mistake = nil
	}
	return append(changed, late...), mistake, errors.Join(err, lost)
}

// areUsers tells of new files whether the user has made them: test files that are chosen,
// for which it only searches if it is asked, and .busted.
func (t *testCommand) areUsers() func(path string) bool {
	files := sync.OnceValue(func() map[string]bool {
		jobs, _, _ := t.chosen.find(context.Background(), func(...any) {}) // run says what is wrong
		return filesOf(jobs)
	})
	return func(path string) bool { return filepath.Base(path) == suite.DotFile || files()[absolute(path)] }
}

// filesOf are the absolute paths of the test files.
func filesOf(jobs []suite.Job) map[string]bool {
	files := map[string]bool{}
	for _, j := range jobs {
		files[absolute(j.File)] = true
	}
	return files
}

// uncut is a reporter that hears no more of a run that is cut off: how much of it has
// passed would look like the result of a run that is complete.
type uncut struct {
	harness.Reporter
	run context.Context
}

// Report passes on the event.
func (u uncut) Report(e harness.Event) {
	if !errors.Is(context.Cause(u.run), suite.ErrStopped) {
		u.Reporter.Report(e)
	}
}

func (t *testCommand) announce(files []string) {
	const most = 3
	more := ""
	if len(files) > most {
		more = fmt.Sprintf(" and %d more", len(files)-most)
	}
	t.warn("changed: " + strings.Join(files[:min(len(files), most)], ", ") + more)
}

// watched are the directories with the project's files: the one that the user is in,
// and those outside of it that the command line or .busted names.
func (t *testCommand) watched(opts suite.Options) []string {
	roots := []string{"."}
	for _, path := range t.chosen.paths {
		roots = append(roots, directory(path))
	}
	if strings.HasSuffix(opts.Helper, ".lua") {
		roots = append(roots, filepath.Dir(opts.Helper))
	}
	for template := range strings.SplitSeq(opts.Path, ";") {
		if folder, _, ok := strings.Cut(template, "?"); ok {
			roots = append(roots, filepath.Dir(folder))
		}
	}
	return outermost(roots)
}

// affected tells which test files have to run when files have changed: those alone,
// if nothing but test files has, and otherwise all, for which it is nil.
func (t *testCommand) affected(jobs []suite.Job, changed []string) func(file string) bool {
	if t.known == nil {
		t.known = map[string]bool{}
	}
	maps.Copy(t.known, filesOf(jobs))
	these := map[string]bool{}
	for _, file := range changed {
		if !t.known[absolute(file)] {
			return nil
		}
		these[absolute(file)] = true
	}
	if len(these) == 0 {
		return nil
	}
	return func(file string) bool { return these[absolute(file)] }
}
