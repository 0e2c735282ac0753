package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// keeper knows when the next snapshot is due.
type keeper struct {
	covered uint64 // the newest snapshot has the ledger up to here
	entries int    // since
	bytes   int    // since, about
	busy    bool   // one is being stored
	saved   chan saved
	backups []*request // that wait for one
}

type saved struct {
	seq uint64
	err error
}

// heavySnapshot is how many bytes of the ledger make a snapshot due.
const heavySnapshot = 64 << 20

func (k *keeper) grew(entries, bytes int) {
	k.entries += entries
	k.bytes += bytes
}

// snapshotDue reports whether a snapshot should be made, for which everything must be
// committed.
func (l *leader) snapshotDue() bool {
	return !l.keep.busy && (l.keep.entries >= l.hub.options.Snapshot || l.keep.bytes >= heavySnapshot) && !l.hub.disk.isFull()
}

// snapshot stores what the ledger means, in the background, and then purges what the
// snapshot before it covers.
func (l *leader) snapshot(ctx context.Context) {
	before := l.keep.covered
	s, err := l.current()
	l.keep.entries, l.keep.bytes, l.keep.busy = 0, 0, true
	go func() {
		if err == nil {
			err = l.saveAndPurge(ctx, s, before)
		}
		l.keep.saved <- saved{s.Seq, err}
	}()
}

func (l *leader) snapshotSaved(s saved) {
	l.keep.busy = false
	if s.err != nil {
		l.hub.options.Log("%v", s.err)
		return
	}
	l.keep.covered = s.seq
	l.hub.metrics.snapshots.Add(1)
}

// current is a snapshot of now. All that was applied must be committed.
func (l *leader) current() (s snapshot, err error) {
	s = snapshot{Seq: l.last, Next: l.last + 1}
	if l.notes != nil {
		s.Notes = l.notes.pending()
	}
	s.State, err = l.state.Snapshot()
	if err != nil {
		return s, fmt.Errorf("cannot make a snapshot of the ledger: %w", err)
	}
	return s, nil
}

func (l *leader) saveAndPurge(ctx context.Context, s snapshot, before uint64) error {
	if err := saveSnapshot(ctx, l.hub.private.Conn, l.hub.stores.snapshots, s); err != nil {
		return err
	}
	if l.hub.options.Audit {
		return nil
	}
	return l.ledger.purge(ctx, before)
}

// fold makes the state from the newest snapshot and the messages after it. It returns the
// notes that may not have been published.
func (l *leader) fold(ctx context.Context) (pending []wire.Note, err error) {
	began := time.Now()
	s, ok, err := loadSnapshot(ctx, l.hub.private.Conn, l.hub.options.Log)
	if err != nil {
		return nil, err
	}
	l.state = schedule.New()
	if ok {
		l.state, err = schedule.Restore(s.State)
		if err != nil {
			return nil, fmt.Errorf("cannot read the snapshot of message %d of the ledger: %w", s.Seq, err)
		}
		pending = s.Notes
	} else {
		s.Next = 1
	}
	first, last, err := l.ledger.bounds(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case last+1 < s.Next:
		// A jump was interrupted, or the stream was replaced by an older one. The
		// snapshot has more than the stream.
		err = l.ledger.jump(ctx, s.Next)
		last = s.Next - 1
	case s.Next <= last && first > s.Next: // also of a ledger whose last jump has left it empty
		err = fmt.Errorf("the ledger is damaged: messages %d to %d are missing: restore a backup", s.Next, first-1)
	default:
		err = l.ledger.read(ctx, max(first, s.Next), last, func(seq uint64, r record) error {
			pending = append(pending, l.state.Apply(seq, 0, r.Entries)...)
			l.keep.grew(len(r.Entries), 0)
			if kind := l.state.Unknown(); kind != "" {
				return fmt.Errorf("message %d of the ledger has an entry %q: %w", seq, kind, errNewer)
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	l.state.Orders() // hosts that have missed them will get them by their heartbeats
	l.last, l.keep.covered = last, s.Seq
	if l.last+1 < l.hub.minimum {
		err = l.jumpTo(ctx, l.hub.minimum, pending)
	}
	l.hub.metrics.folded(time.Since(began))
	return pending, err
}

// makeRoom purges all but the last message of a ledger that has no room for another one.
func (l *leader) makeRoom(ctx context.Context, pending []wire.Note) error {
	s, err := l.current()
	if err != nil {
		return err
	}
	s.Notes = pending
	if err := l.saveAndPurge(ctx, s, s.Seq); err != nil {
		return err
	}
	l.keep.covered, l.keep.entries, l.keep.bytes = s.Seq, 0, 0
	return nil
}

// errOld ends a term whose ledger lacks what hosts know.
var errOld = errors.New("hosts know claims that the ledger does not have: the store of the hub is an old one")

// mostJump is how far beyond the ledger a host's token may be. No ledger gets so far; a host
// that says so is broken.
const mostJump = 1 << 52

// jumpOver ends the term: the next one goes on behind a token that was given away.
func (l *leader) jumpOver(seq uint64) error {
	l.old = 0
	target := epoch(seq, time.Now())
	if target > mostJump {
		l.hub.options.Log("ignored a token of message %d, which no ledger can have", seq)
		return nil
	}
	l.hub.minimum, l.hub.jumped = target, time.Now()
	return errOld
}

// jumpTo makes next the place where the ledger goes on.
func (l *leader) jumpTo(ctx context.Context, next uint64, pending []wire.Note) error {
	s, err := l.current()
	if err != nil {
		return err
	}
	s.Next, s.Notes = next, pending
	if err := saveSnapshot(ctx, l.hub.private.Conn, l.hub.stores.snapshots, s); err != nil {
		return err
	}
	if err := l.ledger.jump(ctx, next); err != nil {
		return err
	}
	l.hub.options.Log("the ledger goes on at %d, so that no token is used twice", next)
	l.last, l.keep.covered, l.keep.entries = next-1, s.Seq, 0
	return nil
}

// backupFile is what a backup consists of.
type backupFile struct {
	Format string `json:"format"`
	Data   []byte `json:"data"` // a packed snapshot
}

const backupFormat = "avescript ledger 1"

// backup is a snapshot. All that was applied must be committed.
func (l *leader) backup() (json.RawMessage, error) {
	s, err := l.current()
	if err != nil {
		return nil, err
	}
	data, err := s.pack()
	if err != nil {
		return nil, err
	}
	file, err := json.Marshal(backupFile{backupFormat, data})
	if err == nil && len(file) > MaxPayload-(1<<10) {
		err = decline("the backup has %d bytes, which is more than a message can have: copy the directory of the stopped hub instead", len(file))
	}
	return file, err
}
