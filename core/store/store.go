// Package store keeps the records of a service on disk. A change is stored completely
// or not at all, however the process ends.
//
// A [Store] has buckets of records, which are bytes with a key. Its owner also has them
// in memory, and changes them there first. It submits the changes, waits until they are
// on the disk, and only then tells anybody. Changes that are submitted while others are
// being written are written together, because many take as long as one. Their order is
// kept.
//
// If a write fails, all changes that were submitted but are not on the disk have
// failed, and no more are accepted until the owner has called [Store.Undo], to find out
// what to restore.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"

	"avescript/core/files"
)

// patience is how long a process that has just been killed, or hands over the store,
// may take to release the file.
const patience = 2 * time.Second

// Record is the value of a key in a bucket.
type Record struct {
	Bucket, Key string
	Value       []byte // nil to remove the record
}

// Store is a file of records. At most one process has it open.
type Store struct {
	path string
	db   *bbolt.DB

	mu      sync.Mutex
	queue   []*Commit
	writing bool          // a goroutine writes the queue
	failure error         // why no changes are accepted until Undo
	lost    map[id][]byte // records whose changes have failed, as they are on the disk
	unsure  map[id][]byte // the same, until they were written again
}

type id struct{ bucket, key string }

// Commit is a set of changes that is being written.
type Commit struct {
	changes []Record
	done    chan struct{}
	err     error
}

// Wait waits until the changes are on the disk, or have failed.
func (c *Commit) Wait() error {
	<-c.done
	return c.err
}

// Open opens the file, or creates it. If content is not nil, it replaces everything in
// the store. The error is an [*InUseError] if another process has the file open, and a
// [*DamagedError] if it is not a store, or is damaged.
func Open(path string, content []Record) (*Store, error) {
	_, missing := os.Stat(path)
	db, err := open(path)
	if err != nil {
		if missing != nil && !errors.As(err, new(*InUseError)) {
			os.Remove(path) // what was written of it is not a store
		}
		return nil, err
	}
	s := &Store{path: path, db: db, unsure: map[id][]byte{}}
	if missing != nil {
		err = files.SyncDirectory(filepath.Dir(path))
	}
	if err == nil && content != nil {
		err = s.replace(content)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func open(path string) (db *bbolt.DB, err error) {
	const private = 0o600 // it contains keys
	var file *os.File     // it stays locked when bbolt panics, because it is mapped
	options := bbolt.Options{Timeout: patience, NoStatistics: true, OpenFile: func(path string, flag int, mode fs.FileMode) (*os.File, error) {
		file, err = os.OpenFile(path, flag, mode)
		return file, err
	}}
	err = guard(func() (err error) {
		db, err = bbolt.Open(path, private, &options)
		return err
	})
	if err != nil && file != nil {
		_ = unix.Flock(int(file.Fd()), unix.LOCK_UN) // fails if it is closed
		file.Close()
	}
	var pathError *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, &InUseError{path, holder(path)}
	case err == nil, errors.As(err, &pathError):
		return db, err
	}
	return nil, &DamagedError{path, err}
}

// DamagedError says that a file is not a store, or is damaged.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("%s: not a store: %v", e.Path, e.Err) }
func (e *DamagedError) Unwrap() error { return e.Err }

// guard converts panics to errors: panics of bbolt, and faults because the mapped file
// was truncated.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged or cut short (%v)", p)
		}
	}()
	return fn()
}

// Records calls fn for every record. The value belongs to fn.
func (s *Store) Records(fn func(Record) error) error {
	err := guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
				return b.ForEach(func(key, value []byte) error {
					return fn(Record{string(bucket), string(key), append([]byte{}, value...)})
				})
			})
		})
	})
	if err != nil {
		return &DamagedError{s.path, err}
	}
	return nil
}

// replace replaces everything by content.
func (s *Store) replace(content []Record) error {
	return s.update(func(tx *bbolt.Tx) error {
		var buckets [][]byte
		err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			buckets = append(buckets, append([]byte{}, name...))
			return nil
		})
		for _, name := range buckets {
			err = errors.Join(err, tx.DeleteBucket(name))
		}
		for _, r := range content {
			if err == nil {
				err = put(tx, r)
			}
		}
		return err
	})
}

func put(tx *bbolt.Tx, r Record) error {
	b, err := tx.CreateBucketIfNotExists([]byte(r.Bucket))
	if err != nil {
		return err
	}
	if r.Value == nil {
		return b.Delete([]byte(r.Key))
	}
	return b.Put([]byte(r.Key), r.Value)
}

func get(tx *bbolt.Tx, i id) []byte {
	b := tx.Bucket([]byte(i.bucket))
	if b == nil {
		return nil
	}
	value := b.Get([]byte(i.key))
	if value == nil {
		return nil
	}
	return append([]byte{}, value...)
}

func (s *Store) update(fn func(*bbolt.Tx) error) error {
	err := guard(func() error { return s.db.Update(fn) })
	if err == nil || errors.As(err, new(*fs.PathError)) {
		return err
	}
	return fmt.Errorf("write %s: %w", s.path, err)
}

// Submit accepts changes, in the order in which they are to be made, and does not wait.
// Without changes, the commit stands for everything that was submitted before.
func (s *Store) Submit(changes []Record) *Commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Commit{changes: changes, done: make(chan struct{})}
	switch {
	case s.failure != nil:
		s.fail(c)
	case len(changes) == 0 && !s.writing:
		close(c.done)
	default:
		s.queue = append(s.queue, c)
		if !s.writing {
			s.writing = true
			go s.write()
		}
	}
	return c
}

// write writes the queue until it is empty.
func (s *Store) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		batch := s.queue
		s.queue = nil
		s.mu.Unlock()
		old, err := s.commit(batch)
		s.mu.Lock()
		if err == nil {
			clear(s.unsure)
			for _, c := range batch {
				close(c.done)
			}
			continue
		}
		s.failure, s.lost, s.unsure = err, old, maps.Clone(old)
		for _, c := range append(batch, s.queue...) {
			s.fail(c)
		}
		s.queue = nil
	}
	s.writing = false
}

// commit writes a batch of changes, and returns the previous values. It is called by
// one goroutine at a time.
func (s *Store) commit(batch []*Commit) (old map[id][]byte, err error) {
	old = maps.Clone(s.unsure)
	if !slices.ContainsFunc(batch, func(c *Commit) bool { return len(c.changes) > 0 }) {
		return old, nil
	}
	err = s.update(func(tx *bbolt.Tx) error {
		// A failed write may be visible anyway, if only its last step has failed.
		for i, value := range s.unsure {
			if err := put(tx, Record{i.bucket, i.key, value}); err != nil {
				return err
			}
		}
		for _, c := range batch {
			for _, r := range c.changes {
				i := id{r.Bucket, r.Key}
				if _, known := old[i]; !known {
					old[i] = get(tx, i)
				}
				if err := put(tx, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return old, err
}

// fail rejects changes. The caller has s.mu.
func (s *Store) fail(c *Commit) {
	for _, r := range c.changes {
		i := id{r.Bucket, r.Key}
		if _, known := s.lost[i]; !known {
			s.lost[i] = s.stored(i)
		}
	}
	c.err = s.failure
	close(c.done)
}

// stored is the value on the disk of a record that no failed write has touched.
func (s *Store) stored(i id) (value []byte) {
	_ = guard(func() error { // what cannot be read does not exist
		return s.db.View(func(tx *bbolt.Tx) error {
			value = get(tx, i)
			return nil
		})
	})
	return value
}

// Stored returns the records as they are on the disk; the values in records are
// ignored.
func (s *Store) Stored(records []Record) []Record {
	stored := make([]Record, len(records))
	for n, r := range records {
		stored[n] = Record{r.Bucket, r.Key, s.stored(id{r.Bucket, r.Key})}
	}
	return stored
}

// Undo returns, as they are on the disk, the records whose changes have failed since
// the last call, and makes the store accept changes again. After a failure, the owner
// must restore all of them before it changes anything else.
func (s *Store) Undo() (records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, value := range s.lost {
		records = append(records, Record{i.bucket, i.key, value})
	}
	s.failure, s.lost = nil, nil
	return records
}

// Close waits until everything that was submitted is written, and closes the file.
// Nothing may be submitted any more.
func (s *Store) Close() error {
	_ = s.Submit(nil).Wait() // the submitter gets the error
	return s.db.Close()
}
