// Package watch tells which files of a project change.
//
// Editors save in many ways: they write into the file, or write another one and
// rename it, or remove the file for a moment. So what the kernel says is only taken
// as a hint that something is different now: when it has been quiet for a while,
// the trees are searched, and what counts is whether the content of a file is
// another one than before.
//
// Tests write files, too, which must not make them run again without end: see
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

// Trees are directories with all below them, without hidden ones. They belong to
// one goroutine.
type Trees struct {
	roots  []string
	wanted func(path string) bool
	notify *fsnotify.Watcher
	files  map[string]content // by path

	before map[string]content // the files when the run began, nil if there is none
	made   map[string]bool    // those that runs have made
}

type content [sha256.Size]byte

// Open begins to watch the files below the roots of which wanted holds.
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

// Close ends it.
func (t *Trees) Close() error { return t.notify.Close() }

// Begin says that tests run from now on. A file that appears meanwhile is taken for
// one of theirs: no run makes it a change again, whatever becomes of it, until it has
// changed between two runs.
func (t *Trees) Begin() { t.before = t.files }

// End says that the tests have ended, and lists what has changed since the last time.
// That includes those files of theirs which are still there and which adopt takes for
// somebody else's.
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

// Changed waits until files have changed since the last time, and lists them, sorted:
// also those that are new, and those that are gone. The error is that of ctx, or of
// a directory that cannot be watched.
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

// changed lists what has changed since the last time, without what runs have made.
func (t *Trees) changed() ([]string, error) {
	files, err := t.search()
	if err != nil {
		return nil, err
	}
	changed := difference(t.files, files)
	t.files = files
	return slices.DeleteFunc(changed, t.isMade), nil
}

// isMade tells whether a file that has changed is one that runs make, and notes it.
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

// quiet waits until something happens, and then until nothing does: programs that
// save many files take their time. One that never stops does not count.
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
		case _, open := <-t.notify.Errors: // some events are lost, but not that there were any
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

// concerns leaves out what is written to other files, such as logs. Whether a name that
// comes or goes is that of a directory, the event does not say.
func (t *Trees) concerns(e fsnotify.Event) bool {
	return t.wanted(e.Name) || e.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename)
}

// search reads the files, and watches directories that are new.
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
		return nil // it is gone, or not for us to read
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
		return fmt.Errorf("watch %s: there are more directories than the sysctl fs.inotify.max_user_watches allows", path)
	}
	return nil // one that has gone meanwhile is no loss
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
