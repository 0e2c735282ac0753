package page

import (
	"encoding/json"

	"avescript/core/fleet/wire"
)

// Readers is how many readers of live data there are.
func (p *Page) Readers() int { return len(p.readers) }

// Feed is a feed for tests, which looks when it is told to.
type Feed struct{ *feed }

func NewFeed() Feed { return Feed{newFeed(nil)} }

// Look takes a view, and returns all rows.
func (f Feed) Look(lab wire.Lab) []byte {
	f.source = func() wire.Lab { return lab }
	f.look()
	text, _ := json.Marshal(rowsOf(lab))
	return text
}

// Since is what a reader is told, who then has another version.
func (f Feed) Since(id *string) []byte {
	n := f.since(*id)
	*id = n.id
	return n.data
}
