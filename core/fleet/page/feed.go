package page

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"avescript/core/fleet/wire"
)

// mostPatches is how many differences are kept for readers that were away for a moment.
const mostPatches = 60

// feed has the rows of the newest view, and the last differences between views.
type feed struct {
	source func() wire.Lab
	epoch  string // of this feed: versions of another one mean nothing

	looking sync.Mutex // held during a look

	mu      sync.Mutex
	current wire.Lab
	at      time.Time                    // of the last look
	moved   time.Time                    // when a look last found another time of the lab
	version uint64                       // of rows; each patch is one more
	encoded map[string]map[string][]byte // rows as JSON, by table and key
	patches []patch                      // the last ones, oldest first, not longer than the rows
	full    []byte                       // encoded, as an object; nil if it has to be made
	looked  chan struct{}                // closed when there was another look
}

// patch is what has changed: rows are set field by field. A field that is null, or a row
// that is null, is gone.
type patch struct {
	version uint64
	text    []byte
}

func newFeed(source func() wire.Lab) *feed {
	return &feed{
		source: source, epoch: rand.Text()[:8],
		encoded: map[string]map[string][]byte{}, looked: make(chan struct{}),
	}
}

// lab is the newest view.
func (f *feed) lab() wire.Lab {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current
}

// look takes the next view.
func (f *feed) look() {
	f.looking.Lock()
	defer f.looking.Unlock()
	lab, now := f.source(), time.Now()
	rows := rowsOf(lab)
	f.mu.Lock()
	defer f.mu.Unlock()
	if lab.Time != f.current.Time {
		f.moved = now
	}
	f.current, f.at = lab, now
	changes := map[string]map[string]json.RawMessage{}
	for table, now := range rows {
		before := f.encoded[table]
		if before == nil {
			before = map[string][]byte{}
			f.encoded[table] = before
		}
		if changed := difference(before, now); len(changed) > 0 {
			changes[table] = changed
		}
	}
	if len(changes) > 0 {
		f.version++
		text, err := json.Marshal(changes)
		if err != nil {
			panic(err) // rows were encoded before
		}
		f.full = nil
		f.keep(patch{f.version, text})
	}
	close(f.looked)
	f.looked = make(chan struct{})
}

// keep adds a patch. Old ones go when there are too many, or when to send all rows is shorter.
func (f *feed) keep(p patch) {
	size := 0
	for _, rows := range f.encoded {
		for key, text := range rows {
			size += len(key) + len(text)
		}
	}
	f.patches = append(f.patches, p)
	sum, first := 0, len(f.patches)-1
	for ; first >= 0 && first >= len(f.patches)-mostPatches; first-- {
		if sum += len(f.patches[first].text); sum > size && first < len(f.patches)-1 {
			break
		}
	}
	f.patches = slices.Delete(f.patches, 0, first+1)
}

// difference updates rows, and returns what has changed.
func difference(rows map[string][]byte, now map[string]any) map[string]json.RawMessage {
	changed := map[string]json.RawMessage{}
	for key, row := range now {
		text, err := json.Marshal(row)
		if err != nil {
			text, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		before, existed := rows[key]
		switch {
		case !existed:
			changed[key] = text
		case !bytes.Equal(before, text):
			changed[key] = fields(before, text)
		default:
			continue
		}
		rows[key] = text
	}
	for key := range rows {
		if _, exists := now[key]; !exists {
			delete(rows, key)
			changed[key] = json.RawMessage("null")
		}
	}
	return changed
}

// fields are those that differ.
func fields(before, after []byte) json.RawMessage {
	var old, now map[string]json.RawMessage
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &now) != nil {
		return after
	}
	differ := map[string]json.RawMessage{}
	for name, value := range now {
		if !bytes.Equal(old[name], value) {
			differ[name] = value
		}
	}
	for name := range old {
		if _, exists := now[name]; !exists {
			differ[name] = json.RawMessage("null")
		}
	}
	text, _ := json.Marshal(differ)
	return text
}

// age is the time since the last look.
func (f *feed) age() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.at)
}

// news are what a reader has to be told.
type news struct {
	known  bool   // there is something to tell: a hub that has just started has no view yet
	id     string // of the version that the reader has then
	event  string // "full", "patch" or "tick"
	data   []byte
	looked <-chan struct{} // closed at the next look
}

// since is what is new for a reader that has what id says.
func (f *feed) since(id string) news {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := news{known: f.current.Time > 0, id: f.epoch + "-" + strconv.FormatUint(f.version, 10), looked: f.looked}
	head := fmt.Sprintf(`{"time":%.3f,"age":%.1f,"seq":%d`, f.current.Time, time.Since(f.moved).Seconds(), f.current.Seq)
	if version, ok := f.parse(id); ok && version == f.version {
		n.event, n.data = "tick", []byte(head+"}")
	} else if missed := f.missed(version); ok && missed != nil {
		n.event, n.data = "patch", []byte(head+`,"patches":[`+string(bytes.Join(missed, []byte(",")))+"]}")
	} else {
		n.event, n.data = "full", []byte(head+`,"rows":`+string(f.everything())+"}")
	}
	return n
}

// parse reads the number of a version of this feed.
func (f *feed) parse(id string) (uint64, bool) {
	epoch, number, _ := strings.Cut(id, "-")
	version, err := strconv.ParseUint(number, 10, 64)
	return version, err == nil && epoch == f.epoch && version <= f.version
}

// missed are the patches after a version; nil if they are no longer there.
func (f *feed) missed(version uint64) (texts [][]byte) {
	first := slices.IndexFunc(f.patches, func(p patch) bool { return p.version == version+1 })
	if first < 0 {
		return nil
	}
	for _, p := range f.patches[first:] {
		texts = append(texts, p.text)
	}
	return texts
}

func (f *feed) everything() []byte {
	if f.full != nil {
		return f.full
	}
	all := map[string]map[string]json.RawMessage{}
	for table, rows := range f.encoded {
		all[table] = make(map[string]json.RawMessage, len(rows))
		for key, text := range maps.All(rows) {
			all[table][key] = text
		}
	}
	f.full, _ = json.Marshal(all)
	return f.full
}
