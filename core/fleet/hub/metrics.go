package hub

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// bounds of the histograms, in seconds.
var bounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// metrics count what the leader does.
type metrics struct {
	leading   atomic.Bool
	seq       atomic.Uint64
	snapshots atomic.Uint64

	mu       sync.Mutex
	finished map[string]uint64 // jobs by outcome
	returned map[string]uint64 // attempts by outcome
	assigned uint64
	hosts    uint64 // that were lost
	silence  histogram
	commits  histogram
	folds    histogram
	requests map[string]*histogram
}

type histogram struct {
	below []uint64
	count uint64
	sum   float64
}

func (h *histogram) observe(d time.Duration) {
	if h.below == nil {
		h.below = make([]uint64, len(bounds))
	}
	s := d.Seconds()
	h.count++
	h.sum += s
	for i, bound := range bounds {
		if s <= bound {
			h.below[i]++
		}
	}
}

func newMetrics() *metrics {
	return &metrics{finished: map[string]uint64{}, returned: map[string]uint64{}, requests: map[string]*histogram{}}
}

// count counts decided entries. Those of a group that was dropped are counted, too.
func (m *metrics) count(entries []schedule.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		switch {
		case e.Kind == schedule.Assign:
			m.assigned++
		case e.Outcome == nil:
		case e.Kind == schedule.Finish:
			m.finished[outcome(*e.Outcome)]++
		case e.Kind == schedule.Return:
			m.returned[e.Outcome.Status]++
		}
	}
}

func outcome(o wire.Outcome) string {
	switch {
	case o.Status != wire.Done:
		return o.Status
	case o.Passed:
		return "passed"
	default:
		return "failed"
	}
}

func (m *metrics) committed(seq uint64, took time.Duration) {
	m.seq.Store(seq)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits.observe(took)
}

func (m *metrics) folded(took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.folds.observe(took)
}

func (m *metrics) lost(silence time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts++
	m.silence.observe(silence)
}

func (m *metrics) answered(verb string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.requests[verb]
	if h == nil {
		h = &histogram{}
		m.requests[verb] = h
	}
	h.observe(took)
}

// Metrics answers with the text format of Prometheus.
func (h *Hub) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		lab := h.View()
		var p page
		p.lab(&lab)
		p.hub(h)
		h.metrics.write(&p)
		_, _ = w.Write(p.Bytes())
	})
}

// page is a page of metrics.
type page struct{ bytes.Buffer }

func (p *page) family(name, kind, help string) {
	fmt.Fprintf(p, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
}

func (p *page) single(name, kind, help string, value any) {
	p.family(name, kind, help)
	fmt.Fprintf(p, "%s %v\n", name, value)
}

func (p *page) labelled(name, kind, help, label string, values map[string]uint64) {
	p.family(name, kind, help)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(p, "%s{%s=%s} %d\n", name, label, quote(key), values[key])
	}
}

func (p *page) histogram(name, labels string, h *histogram) {
	comma := ""
	if labels != "" {
		comma = ","
	}
	for i, below := range h.below {
		fmt.Fprintf(p, "%s_bucket{%s%sle=%q} %d\n", name, labels, comma, strconv.FormatFloat(bounds[i], 'g', -1, 64), below)
	}
	fmt.Fprintf(p, "%s_bucket{%s%sle=\"+Inf\"} %d\n", name, labels, comma, h.count)
	if labels != "" {
		labels = "{" + labels + "}"
	}
	fmt.Fprintf(p, "%s_sum%s %v\n%[1]s_count%[2]s %[4]d\n", name, labels, h.sum, h.count)
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quote(value string) string {
	return `"` + escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}

func (p *page) lab(lab *wire.Lab) {
	hosts, pieces, runs := map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	running, waiting := 0, 0
	for i := range lab.Hosts {
		hosts[lab.Hosts[i].State]++
		running += len(lab.Hosts[i].Jobs)
	}
	for i := range lab.Pieces {
		pieces[lab.Pieces[i].State]++
	}
	for i := range lab.Runs {
		runs[lab.Runs[i].State]++
	}
	for i := range lab.Queue {
		waiting += lab.Queue[i].Jobs
	}
	p.labelled("ave_fleet_hosts", "gauge", "Hosts by state.", "state", hosts)
	p.labelled("ave_fleet_equipment", "gauge", "Pieces of equipment by state.", "state", pieces)
	p.labelled("ave_fleet_runs", "gauge", "Runs that the hub remembers, by state.", "state", runs)
	p.single("ave_fleet_jobs_running", "gauge", "Jobs that hosts have.", running)
	p.single("ave_fleet_jobs_waiting", "gauge", "Jobs in the queue.", waiting)
	p.single("ave_fleet_jobs_done_total", "counter", "Jobs that have finished since the lab exists.", lab.Done)
}

func (p *page) hub(h *Hub) {
	leading, full := 0, 0
	if h.metrics.leading.Load() {
		leading = 1
	}
	if h.disk.isFull() {
		full = 1
	}
	p.single("ave_fleet_leading", "gauge", "1 if this hub leads.", leading)
	if h.options.Cluster != nil {
		p.single("ave_fleet_hubs", "gauge", "Hubs of the cluster.", len(h.options.Cluster.Hubs))
		p.single("ave_fleet_hubs_connected", "gauge", "Hubs of the cluster that this one can reach, and itself.", len(h.connected()))
	}
	p.single("ave_fleet_ledger_seq", "counter", "Number of the newest message of the ledger.", h.metrics.seq.Load())
	p.single("ave_fleet_snapshots_total", "counter", "Snapshots of the ledger.", h.metrics.snapshots.Load())
	p.single("ave_fleet_connections", "gauge", "Connections to the hub.", h.server.NumClients())
	p.single("ave_fleet_disk_free_bytes", "gauge", "Free bytes of the disk of the hub.", h.disk.free())
	p.single("ave_fleet_disk_full", "gauge", "1 if the hub accepts nothing for lack of room.", full)
}

func (m *metrics) write(p *page) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.labelled("ave_fleet_jobs_finished_total", "counter", "Jobs by outcome, since the hub was started.", "outcome", m.finished)
	p.labelled("ave_fleet_attempts_returned_total", "counter", "Attempts that have ended without counting, by outcome.", "outcome", m.returned)
	p.single("ave_fleet_jobs_assigned_total", "counter", "Jobs that were given to a host.", m.assigned)
	p.single("ave_fleet_hosts_lost_total", "counter", "How often a host was judged to be lost.", m.hosts)
	for _, h := range []struct {
		name, help string
		of         *histogram
	}{
		{"ave_fleet_lost_silence_seconds", "How long a host was silent when it was judged.", &m.silence},
		{"ave_fleet_commit_seconds", "Time to write a message to the ledger.", &m.commits},
		{"ave_fleet_fold_seconds", "Time to read the ledger.", &m.folds},
	} {
		p.family(h.name, "histogram", h.help)
		p.histogram(h.name, "", h.of)
	}
	p.family("ave_fleet_request_seconds", "histogram", "Time from the arrival of a request to its answer.")
	for _, verb := range slices.Sorted(maps.Keys(m.requests)) {
		p.histogram("ave_fleet_request_seconds", "verb="+quote(verb), m.requests[verb])
	}
}
