package page

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"strconv"

	"avescript/core/fleet/wire"
)

// The tables of the page. A row is an object of JSON, and has a key that does not change
// while what it describes exists.
const (
	hubRows   = "hubs" // of a cluster
	hostRows  = "hosts"
	pieceRows = "equipment"
	queueRows = "queue"
	runRows   = "runs"
	userRows  = "users"
	labRows   = "lab" // one row, with the key ""
)

type tables map[string]map[string]any

// labRow is what is not in a table.
type labRow struct {
	Hub  string `json:"hub"`
	Done uint64 `json:"done"`
}

// waitRow is a place in the queue.
type waitRow struct {
	wire.LabWait
	Place int `json:"place"` // from 1
}

// runRow has the place of a run in the lab's order.
type runRow struct {
	wire.LabRun
	Place int `json:"place"`
}

// rowsOf divides a view into rows. What always moves a little is rounded, so that a host
// that does nothing costs nothing.
func rowsOf(lab wire.Lab) tables {
	t := tables{
		labRows:   {"": labRow{lab.Hub, lab.Done}},
		hubRows:   make(map[string]any, len(lab.Hubs)),
		hostRows:  make(map[string]any, len(lab.Hosts)),
		pieceRows: make(map[string]any, len(lab.Pieces)),
		queueRows: make(map[string]any, len(lab.Queue)),
		runRows:   make(map[string]any, len(lab.Runs)),
		userRows:  make(map[string]any, len(lab.Users)),
	}
	for _, h := range lab.Hubs {
		t[hubRows][h.Name] = h
	}
	for _, h := range lab.Hosts {
		h.Load = math.Round(h.Load*10) / 10
		h.Free = roughly(h.Free)
		t[hostRows][h.Name] = h
	}
	for _, p := range lab.Pieces {
		t[pieceRows][PieceKey(p.Host, p.Profile.Key())] = p
	}
	for i, w := range lab.Queue {
		t[queueRows][waitKey(w)] = waitRow{w, i + 1}
	}
	for i, r := range lab.Runs {
		t[runRows][r.Run] = runRow{r, i + 1}
	}
	for _, u := range lab.Users {
		t[userRows][u.Name] = u
	}
	return t
}

// PieceKey identifies a piece of equipment in the fleet, by its host and the key of its
// profile.
func PieceKey(host, key string) string { return host + "/" + key }

// waitKey identifies a group of waiting jobs: those of a run with the same needs.
func waitKey(w wire.LabWait) string {
	needs, _ := json.Marshal(w.Needs)
	sum := fnv.New64a()
	_, _ = sum.Write(needs)
	return w.Run + "/" + strconv.FormatUint(sum.Sum64(), 36)
}

// roughly keeps two digits.
func roughly(n int64) int64 {
	if n < 100 {
		return n
	}
	unit := int64(math.Pow10(int(math.Log10(float64(n))) - 1))
	return n / unit * unit
}
