package parcel

import (
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// ErrDamaged means that a parcel does not have the content that its name says, or does not
// exist: who needs it has to send it again.
var ErrDamaged = errors.New("it is damaged or missing: send it again")

// Fetch gets what is stored of a parcel from where it comes from. The error wraps
// [ErrDamaged] if it is not there.
type Fetch func(ctx context.Context, sum string) (io.ReadCloser, error)

// Cache keeps the content of parcels in a directory. Any goroutine may use it, and several
// processes may use the same directory.
type Cache struct {
	Dir   string
	Fetch Fetch
	Most  int64         // bytes; 0 is without limit. What was used last stays.
	Age   time.Duration // what was not used for that long is removed; 0 is without limit

	mu   sync.Mutex
	busy map[string]*entry
}

// entry is a parcel that is fetched or in use.
type entry struct {
	fetching sync.Mutex // by one at a time
	users    int
}

// use keeps an entry from being removed until release.
func (c *Cache) use(sum string) (e *entry, release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy == nil {
		c.busy = map[string]*entry{}
	}
	if e = c.busy[sum]; e == nil {
		e = &entry{}
		c.busy[sum] = e
	}
	e.users++
	return e, sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if e.users--; e.users == 0 {
			delete(c.busy, sum)
		}
	})
}

// Unpack unpacks a bundle into a directory, which must be empty.
func (c *Cache) Unpack(ctx context.Context, sum, dir string) error {
	_, release, err := c.hold(ctx, sum, "bundle", 0o644)
	if err != nil {
		return err
	}
	defer release()
	file, err := os.Open(c.path(sum, "bundle"))
	if err != nil {
		return err
	}
	defer file.Close()
	digest := sha256.New()
	content := io.TeeReader(file, digest)
	err = Unpack(content, dir)
	// The archive may have an end that tar does not read, and that it cannot be unpacked, for
	// example onto a full disk, does not mean that it is damaged.
	if _, unread := io.Copy(io.Discard, content); unread != nil {
		return errors.Join(err, unread)
	}
	if hex.EncodeToString(digest.Sum(nil)) != sum {
		_ = os.RemoveAll(filepath.Join(c.Dir, sum)) // the next one fetches it again
		return fmt.Errorf("bundle %.12s in %s: %w", sum, c.Dir, ErrDamaged)
	}
	return err
}

// Program returns the directory that has a program, under this name. It stays until
// release.
func (c *Cache) Program(ctx context.Context, sum, name string) (dir string, release func(), err error) {
	return c.hold(ctx, sum, name, 0o755)
}

// hold fetches a parcel, if it is not there, and keeps it from being removed until
// release.
func (c *Cache) hold(ctx context.Context, sum, name string, mode os.FileMode) (dir string, release func(), err error) {
	if err := CheckSum(sum); err != nil {
		return "", nil, err
	}
	e, forget := c.use(sum)
	defer func() {
		if err != nil {
			forget()
		}
	}()
	e.fetching.Lock()
	defer e.fetching.Unlock()
	dir = filepath.Join(c.Dir, sum)
	if _, err := os.Stat(c.path(sum, name)); err != nil {
		if err := c.fetch(ctx, sum, name, mode); err != nil {
			return "", nil, fmt.Errorf("parcel %.12s: %w", sum, err)
		}
		c.evict()
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now)
	return dir, forget, nil
}

func (c *Cache) path(sum, name string) string { return filepath.Join(c.Dir, sum, name) }

// fetch writes the content of a parcel to the cache, if it is what the sum says.
func (c *Cache) fetch(ctx context.Context, sum, name string, mode os.FileMode) (err error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(c.Dir, "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	stored, err := c.Fetch(ctx, sum)
	if err != nil {
		return err
	}
	defer stored.Close()
	file, err := os.OpenFile(filepath.Join(temporary, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = write(file, stored, sum)
	if err = errors.Join(err, file.Chmod(mode), file.Close(), os.Chmod(temporary, 0o755)); err != nil {
		return err
	}
	if err := os.Rename(temporary, filepath.Join(c.Dir, sum)); err != nil {
		if _, other := os.Stat(c.path(sum, name)); other == nil {
			return nil // another process was faster
		}
		return errors.Join(os.RemoveAll(filepath.Join(c.Dir, sum)), os.Rename(temporary, filepath.Join(c.Dir, sum)))
	}
	return nil
}

func write(file io.Writer, stored io.Reader, sum string) error {
	content, err := gzip.NewReader(stored)
	switch {
	case isCorrupt(err):
		return damaged(err)
	case err != nil:
		return err
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, digest), io.LimitReader(content, MostBytes+1))
	switch {
	case n > MostBytes:
		return fmt.Errorf("it is too large: wanted at most %d MB", MostBytes>>20)
	case isCorrupt(err):
		return damaged(err)
	case err != nil: // of the disk or of the network
		return err
	case hex.EncodeToString(digest.Sum(nil)) != sum:
		return damaged(errors.New("it has another sum"))
	}
	return nil
}

// isCorrupt reports whether an error is that of wrong content, and not of reading it.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func damaged(err error) error { return fmt.Errorf("%w (%w)", ErrDamaged, err) }

// evict removes what nobody uses: what is old, and what was not used for the longest time
// if there is too much. It does not remove what was left by a process that has ended while
// it fetched something, until that is an hour old.
func (c *Cache) evict() {
	const forgotten = time.Hour
	type kept struct {
		name string
		used time.Time
		size int64
	}
	var all []kept
	total := int64(0)
	found, _ := os.ReadDir(c.Dir)
	for _, d := range found {
		info, err := d.Info()
		if err != nil {
			continue
		}
		if CheckSum(d.Name()) != nil {
			if time.Since(info.ModTime()) > forgotten {
				_ = os.RemoveAll(filepath.Join(c.Dir, d.Name()))
			}
			continue
		}
		k := kept{name: d.Name(), used: info.ModTime()}
		files, _ := os.ReadDir(filepath.Join(c.Dir, d.Name()))
		for _, f := range files {
			if info, err := f.Info(); err == nil {
				k.size += info.Size()
			}
		}
		all, total = append(all, k), total+k.size
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.name, b.name)) })
	for _, k := range all {
		old := c.Age > 0 && time.Since(k.used) > c.Age
		if (old || c.Most > 0 && total > c.Most) && c.remove(k.name) {
			total -= k.size
		}
	}
}

// remove removes a parcel, unless it is in use.
func (c *Cache) remove(sum string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.busy[sum] == nil && os.RemoveAll(filepath.Join(c.Dir, sum)) == nil
}
