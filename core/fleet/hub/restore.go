package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
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
	if _, err := os.Stat(filepath.Join(o.Dir, "store")); err == nil {
		return fmt.Errorf("%s has a ledger already: restore into an empty directory", o.Dir)
	}
	o.Port, o.Keys, o.Listen = -1, false, ""
	if err := o.complete(); err != nil {
		return err
	}
	h := &Hub{options: o, metrics: newMetrics(), view: newView()}
	defer h.Close()
	if err := h.open(ctx); err != nil {
		return err
	}
	s.Next = epoch(s.Next, time.Now())
	if err := saveSnapshot(ctx, h.stores.snapshots, s); err != nil {
		return err
	}
	l := &ledger{js: h.js, stream: h.stores.ledger, by: "restore"}
	if err := l.jump(ctx, s.Next); err != nil {
		return err
	}
	_, err = l.append(ctx, s.Next-1, nil)
	return err
}
