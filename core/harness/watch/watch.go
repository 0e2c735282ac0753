// Package watch finds out which files of a project change.
//
// Editors save files in different ways: they write into the file, or they write another
// file and rename it, or they remove the file for a moment. So an event of the kernel
// is only a hint that something may have changed. When there were no events for a
// while, the directory trees are searched, and a file has changed if its content has.
//
// Tests write files, too. These must not start the tests again and again: see
// [Trees.Begin].
package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// Trees are directories with everything below them, except hidden directories. They
// must be used by one goroutine only.
type Trees struct {
	roots  []string
	wanted func(path string) bool
	notify *fsnotify.Watcher
	files  map[string]content // by path

	before map[string]content // the files when the run began, nil if none is running
	made   map[string]bool    // files that were created by runs
}

type content [sha256.Size]byte

// Open starts to watch the files below the roots for which wanted is true.
func Open(roots []string, wanted func(path string) bool) (*Trees, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	t := &Trees{roots: roots, wanted: wanted, notify: notify, made: map[string]bool{}}
	if t.files, err = t.search(); err != nil {
		return nil, errors.Join(err, notify.Close())
	}
	return t, nil
}

// Close stops watching.
func (t *Trees) Close() error { return t.notify.Close() }

// Begin says that a run begins. A file that appears during the run is assumed to be
// created by its tests. It is not reported as changed by later runs, until it changes
// between two runs.
func (t *Trees) Begin() { t.before = t.files }

// End says that the run has ended, and lists the files that have changed since the last
// call. These include files that appeared during the run, if they still exist and adopt
// says that they were not created by the tests.
func (t *Trees) End(adopt func(path string) bool) ([]string, error) {
	changed, err := t.changed()
	for path := range t.files {
		if _, old := t.before[path]; !old && t.made[path] && adopt(path) {
			delete(t.made, path)
			changed = append(changed, path)
		}
	}
	t.before = nil
	slices.Sort(changed)
	return changed, err
}

// Changed waits until files change, and returns a sorted list of them, which includes
// new and removed files. The error is that of ctx, or says that a directory cannot be
// watched.
func (t *Trees) Changed(ctx context.Context) ([]string, error) {
	for {
		if err := t.quiet(ctx); err != nil {
			return nil, err
		}
		changed, err := t.changed()
		if err != nil || len(changed) > 0 {
			return changed, err
		}
	}
}

// changed lists the files that have changed since the last call, except those created
// by runs.
func (t *Trees) changed() ([]string, error) {
	files, err := t.search()
	if err != nil {
		return nil, err
	}
	changed := difference(t.files, files)
	t.files = files
	return slices.DeleteFunc(changed, t.isMade), nil
}

// isMade reports whether a changed file was created by a run, and remembers it.
func (t *Trees) isMade(path string) bool {
	if t.before == nil {
		delete(t.made, path)
		return false
	}
	if _, old := t.before[path]; !old {
		t.made[path] = true
	}
	return t.made[path]
}

// quiet waits for an event, and then until there are no more events: saving many files
// takes a while. It gives up waiting if the events never stop.
func (t *Trees) quiet(ctx context.Context) error {
	const pause, most = 50 * time.Millisecond, time.Second
	var silent, late <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-silent:
			return nil
		case <-late:
			return nil
		case e := <-t.notify.Events:
			if !t.concerns(e) {
				continue
			}
		case _, open := <-t.notify.Errors: // some events are lost, but there were some
			if !open {
				return fs.ErrClosed
			}
		}
		silent = time.After(pause)
		if late == nil {
			late = time.After(most)
		}
	}
}

// concerns ignores events of writing to other files, such as logs. For a name that
// appears or disappears the event does not say whether it is a directory.
func (t *Trees) concerns(e fsnotify.Event) bool {
	return t.wanted(e.Name) || e.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename)
}

// search reads the files, and watches new directories.
func (t *Trees) search() (map[string]content, error) {
	files := map[string]content{}
	for _, root := range t.roots {
		err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
			return t.visit(files, root, path, d, err)
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (t *Trees) visit(files map[string]content, root, path string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return nil // it was removed, or cannot be read
	case !d.IsDir():
		if !t.wanted(path) {
			return nil
		}
		if text, err := os.ReadFile(path); err == nil {
			files[filepath.Clean(path)] = sha256.Sum256(text)
		}
		return nil
	case strings.HasPrefix(d.Name(), ".") && filepath.Clean(path) != filepath.Clean(root):
		return filepath.SkipDir
	}
	err = t.notify.Add(path)
	if errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("cannot watch %s: too many directories: raise the sysctl fs.inotify.max_user_watches", path)
	}
	return nil // a directory that was removed meanwhile does not matter
}

func difference(before, after map[string]content) (paths []string) {
	for path, content := range after {
		if old, known := before[path]; !known || old != content {
			paths = append(paths, path)
		}
	}
	for path := range before {
		if _, exists := after[path]; !exists {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
