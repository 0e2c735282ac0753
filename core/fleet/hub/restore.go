package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// Restore makes the directory of a hub from a backup, which is the answer to wire.VerbBackup.
// The hub must not run, and the directory must have no ledger. Runs, jobs, hosts and
// equipment are as they were, but neither output nor code nor artifacts are there.
//
// The hub of the backup may have gone on after it. So the ledger goes on far behind the
// place where that one can be, and no token is used twice.
func Restore(ctx context.Context, o Options, backup []byte) error {
	var file backupFile
	err := json.Unmarshal(backup, &file)
	if err != nil || file.Format != backupFormat {
		return errors.Join(fmt.Errorf("this is no backup of a hub: wanted the format %q, got %q", backupFormat, file.Format), err)
	}
	s, err := unpack(file.Data)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(o.Dir, StoreDir)); err == nil {
		return fmt.Errorf("%s has a ledger already: restore into an empty directory", o.Dir)
	}
	h, err := offline(ctx, o)
	if err != nil {
		return err
	}
	defer h.Close()
	s.Next = epoch(s.Next, time.Now())
	if err := saveSnapshot(ctx, h.private.Conn, h.stores.snapshots, s); err != nil {
		return err
	}
	l := &ledger{js: h.private.JS, stream: h.stores.ledger, by: "restore"}
	if err := l.jump(ctx, s.Next); err != nil {
		return err
	}
	_, err = l.append(ctx, s.Next-1, nil)
	return err
}

// offline opens the store of a hub that does not run. One of a cluster needs another one
// that runs.
func offline(ctx context.Context, o Options) (*Hub, error) {
	if o.Cluster == nil {
		o.Port, o.Keys, o.Listen = -1, false, ""
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Hub{options: o, metrics: newMetrics(), view: newView()}
	if err := h.open(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Audit checks the ledger of a hub that does not run, see [schedule.Check]. It sees what was
// not purged, see Options.Audit. A hub of a cluster needs another one that runs.
func Audit(ctx context.Context, o Options) (tally schedule.Tally, err error) {
	h, err := offline(ctx, o)
	if err != nil {
		return tally, err
	}
	defer h.Close()
	return h.audit(ctx)
}

func (h *Hub) audit(ctx context.Context) (tally schedule.Tally, err error) {
	l := &ledger{js: h.private.JS, stream: h.stores.ledger}
	first, last, err := l.bounds(ctx)
	if err != nil {
		return tally, err
	}
	stopped := errors.New("stopped")
	var reading error
	tally, err = schedule.Check(func(yield func(wire.Token, schedule.Entry) bool) {
		reading = l.read(ctx, first, last, func(seq uint64, r record) error {
			for i, e := range r.Entries {
				if !yield(wire.Token{Seq: seq, Index: uint32(i)}, e) {
					return stopped
				}
			}
			return nil
		})
	})
	if reading != nil && !errors.Is(reading, stopped) {
		return tally, reading
	}
	return tally, err
}
