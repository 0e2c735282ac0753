package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

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
	ctx, cancel := context.WithCancelCause(ctx)
	changes := follow(ctx, trees)
	defer func() {
		cancel(nil)
		for range changes { // until nobody uses trees
		}
		_ = trees.Close()
	}()
	due, err := t.runUntilChange(ctx, nil, changes, func(mistake error) error { return mistake })
	for err == nil {
		due, err = t.runUntilChange(ctx, due, changes, func(mistake error) error {
			t.warn("avescript: " + mistake.Error()) // the next change may mend it
			return nil
		})
	}
	return err
}

// change is files that have changed, or why nobody knows any more.
type change struct {
	files []string
	err   error
}

// follow sends what changes, and closes the channel after an error.
func follow(ctx context.Context, trees *watch.Trees) <-chan change {
	changes := make(chan change)
	go func() {
		defer close(changes)
		for {
			files, err := trees.Changed(ctx)
			changes <- change{files, err}
			if err != nil {
				return
			}
		}
	}()
	return changes
}

// runUntilChange runs the tests that files are due for, or all if there are none, and
// waits for a change. It returns the files that are due then. A run that is under way
// is ended: it tests what is not there any more, and the new one does its part.
func (t *testCommand) runUntilChange(
	ctx context.Context, due []string, changes <-chan change, mistaken func(error) error,
) ([]string, error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = t.run(running, due)
	}()
	select {
	case <-done:
		if err != nil && !hasFailed(err) && ctx.Err() == nil {
			if err = mistaken(err); err != nil {
				return nil, err
			}
		}
		t.warn("\nwaiting for Lua files to change, until Ctrl-C")
		next := <-changes
		t.announce(next)
		return next.files, next.err
	case next := <-changes:
		stop(suite.ErrStopped)
		<-done
		t.announce(next)
		if due == nil {
			return nil, next.err
		}
		return append(due, next.files...), next.err
	}
}

func (t *testCommand) announce(c change) {
	const most = 3
	if c.err != nil {
		return
	}
	more := ""
	if len(c.files) > most {
		more = fmt.Sprintf(" and %d more", len(c.files)-most)
	}
	t.warn("changed: " + strings.Join(c.files[:min(len(c.files), most)], ", ") + more)
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
	for _, j := range jobs {
		t.known[absolute(j.File)] = true
	}
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
