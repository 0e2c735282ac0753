package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"

	"avescript/core/harness/watch"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
	"avescript/lualib/suite"
)

// watch runs tests until ctx ends, and again whenever Lua files change.
func (r *runner) watch(ctx context.Context) error {
	_, opts, err := r.find(ctx, func(string) {}) // run warns
	if err != nil {
		return err
	}
	trees, err := watch.Open(r.watched(opts), isWatched)
	if err != nil {
		return err
	}
	defer trees.Close()
	due, err := r.runUntilChange(ctx, nil, trees, func(mistake error) error { return mistake })
	for err == nil {
		due, err = r.runUntilChange(ctx, due, trees, func(mistake error) error {
			r.warn("avescript: " + mistake.Error()) // the next change may correct it
			return nil
		})
	}
	return err
}

// errEnded is the cause of the end of watching during a run.
var errEnded = errors.New("the tests have ended")

// runUntilChange runs the tests for the due files, or all if there are none, and
// waits for a change. It returns the files that are then due. A run that is going
// on is cut off, because it tests outdated files, and the next run repeats its
// part.
func (r *runner) runUntilChange(
	ctx context.Context, due []string, trees *watch.Trees, mistaken func(error) error,
) ([]string, error) {
	changed, mistake, err := r.runAndLook(ctx, due, trees)
	switch cut := errors.Is(mistake, workers.ErrStopped); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case cut:
		r.announce(changed)
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
		r.warn("\nwaiting for Lua files to change, until Ctrl-C")
		if changed, err = trees.Changed(ctx); err != nil {
			return nil, err
		}
	}
	r.announce(changed)
	return changed, nil
}

// runAndLook runs tests until they end or files change, and returns the changed
// files. mistake is an error in the command line or .busted, or
// [workers.ErrStopped] if the run was cut off.
func (r *runner) runAndLook(ctx context.Context, due []string, trees *watch.Trees) (changed []string, mistake, err error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over, end := context.WithCancelCause(context.WithoutCancel(ctx))
	trees.Begin()
	go func() {
		mistake = r.run(running, due)
		end(errEnded)
	}()
	changed, err = trees.Changed(over)
	cut := over.Err() == nil
	if cut {
		stop(workers.ErrStopped)
	}
	<-over.Done()
	late, lost := trees.End(r.areUsers())
	if errors.Is(err, errEnded) {
		err = nil
	}
	if cut {
		mistake = workers.ErrStopped
	} else if errors.Is(mistake, script.ErrFailed) {
		mistake = nil
	}
	return append(changed, late...), mistake, errors.Join(err, lost)
}

// areUsers returns a function that reports whether the user has made a new file: a
// chosen test file, for which it only searches if it is called, or .busted.
func (r *runner) areUsers() func(path string) bool {
	files := sync.OnceValue(func() map[string]bool {
		jobs, _, _ := r.find(context.Background(), func(string) {}) // run reports errors
		return filesOf(jobs)
	})
	return func(path string) bool { return filepath.Base(path) == suite.DotFile || files()[absolute(path)] }
}

// filesOf returns the absolute paths of the test files.
func filesOf(jobs []workers.Job) map[string]bool {
	files := map[string]bool{}
	for _, j := range jobs {
		files[absolute(j.File)] = true
	}
	return files
}

func (r *runner) announce(files []string) {
	const most = 3
	more := ""
	if len(files) > most {
		more = fmt.Sprintf(" and %d more", len(files)-most)
	}
	r.warn("changed: " + strings.Join(files[:min(len(files), most)], ", ") + more)
}

// watched returns the directories with the project's files: the current one, and
// those outside of it that the command line or .busted names.
func (r *runner) watched(opts suite.Options) []string {
	roots := []string{"."}
	for _, path := range r.Paths {
		roots = append(roots, directory(path))
	}
	if script.IsName(opts.Helper) {
		roots = append(roots, filepath.Dir(opts.Helper))
	}
	for template := range strings.SplitSeq(opts.Path, ";") {
		if folder, _, ok := strings.Cut(template, "?"); ok {
			roots = append(roots, filepath.Dir(folder))
		}
	}
	return outermost(roots)
}

// affected returns a function that reports which test files must run after files
// have changed: only the changed ones if all are test files, otherwise all, for
// which it is nil.
func (r *runner) affected(jobs []workers.Job, changed []string) func(file string) bool {
	maps.Copy(r.known, filesOf(jobs))
	these := map[string]bool{}
	for _, file := range changed {
		if !r.known[absolute(file)] {
			return nil
		}
		these[absolute(file)] = true
	}
	if len(these) == 0 {
		return nil
	}
	return func(file string) bool { return these[absolute(file)] }
}
