package hub

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"
)

// disk watches how much room there is for the store. JetStream turns itself off when a
// write fails for lack of space, so the leader stops writing before.
type disk struct {
	dir     string
	reserve int64
	full    atomic.Bool

	// damaged says that a write has failed. The stream that it was for refuses all others
	// from then on, until the store is started again.
	damaged atomic.Bool
}

const (
	mostReserve   = 1 << 30
	diskInterval  = 500 * time.Millisecond
	reserveInputs = 4 // the reserve that new runs leave, in reserves: results need room, too
)

func newDisk(dir string, reserve int64) *disk {
	d := &disk{dir: dir, reserve: reserve}
	if d.reserve == 0 {
		var s unix.Statfs_t
		if unix.Statfs(dir, &s) == nil {
			d.reserve = min(int64(s.Blocks)*s.Bsize/100, mostReserve)
		}
	}
	return d
}

// free is how many bytes are free.
func (d *disk) free() int64 {
	var s unix.Statfs_t
	if unix.Statfs(d.dir, &s) != nil {
		return 1 << 50
	}
	return int64(s.Bavail) * s.Bsize
}

// room is how many bytes the store may have: what it has, and what is free, less the reserve.
func (d *disk) room() int64 {
	used := int64(0)
	_ = filepath.WalkDir(d.dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				used += info.Size()
			}
		}
		return nil
	})
	return used + d.free() - d.reserve
}

// tight reports whether there is no room for new runs, and full whether there is none at all.
func (d *disk) tight() bool  { return d.full.Load() || d.free() < reserveInputs*d.reserve }
func (d *disk) isFull() bool { return d.full.Load() }

// guardDisk watches the disk, and starts JetStream again when a write has failed and there is
// room again. Connections stay as they are: heartbeats go on meanwhile.
func (h *Hub) guardDisk(ctx context.Context) {
	every(ctx, h.options.diskInterval, func() bool {
		free := h.disk.free()
		if full := free < h.disk.reserve; full != h.disk.full.Load() {
			h.disk.full.Store(full)
			if full {
				h.options.Log("the disk of the hub is full: %d bytes are free in %s; nothing is accepted until there is room", free, h.disk.dir)
			} else {
				h.options.Log("the disk of the hub has room again")
			}
		}
		if h.disk.full.Load() || !h.disk.damaged.Load() && !h.storeIsOff() {
			return true
		}
		if h.options.Cluster != nil {
			// A server of a cluster cannot start its store again while it runs.
			h.failed <- errors.New("a write has failed because the disk was full; there is room again: start this hub again")
			return false
		}
		h.restartStore()
		return true
	})
}

func (h *Hub) restartStore() {
	h.disk.damaged.Store(false)
	if err := h.server.ShutdownJetStream(); err != nil {
		h.options.Log("cannot stop the store of the hub: %v", err)
		return
	}
	o := serverOptions(h.options, h.disk.dir)
	err := h.server.EnableJetStream(&server.JetStreamConfig{
		StoreDir: o.StoreDir, SyncAlways: o.SyncAlways, SyncInterval: o.SyncInterval, MaxMemory: o.JetStreamMaxMemory, MaxStore: o.JetStreamMaxStore, Strict: true,
	})
	if err != nil {
		h.options.Log("cannot start the store of the hub again: %v", err)
		return
	}
	h.options.Log("the store of the hub was started again")
}

// hold keeps the hosts going while the store is off: they get answers to their heartbeats,
// and everybody else that the disk is full. Nobody can decide anything meanwhile, so no job
// can be given to two hosts.
func (h *Hub) hold(ctx context.Context) {
	answers := map[bool][]byte{}
	answers[true], _ = json.Marshal(wire.Answer{})
	answers[false], _ = json.Marshal(wire.Answer{Code: wire.CodeFull, Error: "the disk of the hub is full: make room there"})
	subscription, err := h.conn.Subscribe(wire.RequestAll, func(m *nats.Msg) {
		role, _, verb, err := link.Sender(m)
		if err == nil && h.storeIsOff() {
			_ = m.Respond(answers[role == wire.Worker && verb == wire.VerbBeat])
		}
	})
	if err != nil {
		h.options.Log("cannot receive requests: %v", err)
		return
	}
	defer func() { _ = subscription.Unsubscribe() }()
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	for h.storeIsOff() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
