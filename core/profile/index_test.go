package profile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawProfile generates profiles that often have something in common.
func drawProfile(t *rapid.T, label string) Profile {
	values := rapid.MapOf(rapid.SampledFrom([]string{"type", "uid", "color"}), rapid.IntRange(0, 2)).Draw(t, label)
	text := map[string]any{}
	for key, value := range values {
		text[key] = value
	}
	p, err := New(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Both indices find the same as a search through everything.
func TestIndexFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		var pieces []Profile
		for i := range rapid.IntRange(0, 12).Draw(t, "pieces") {
			pieces = append(pieces, drawProfile(t, fmt.Sprint("piece ", i)))
			if place := x.Add(pieces[i]); place != i {
				t.Fatalf("wanted place %d, got %d", i, place)
			}
		}
		wants := NewWants[string](&x)
		wanted := map[string]Profile{}
		for i := range rapid.IntRange(0, 12).Draw(t, "wants") {
			p := drawProfile(t, fmt.Sprint("want ", i))
			if rapid.Bool().Draw(t, "remove") {
				wants.Remove(p)
				delete(wanted, p.Key())
			} else {
				wants.Add(p, p.Key())
				wanted[p.Key()] = p
			}
			var places []int
			for place, piece := range pieces {
				if piece.Match(p) {
					places = append(places, place)
				}
			}
			if got := x.Find(p); !slices.Equal(got, places) {
				t.Fatalf("wanted %v to match %s, got %v", places, p, got)
			}
		}
		for _, piece := range pieces {
			var keys []string
			for key, p := range wanted {
				if piece.Match(p) {
					keys = append(keys, key)
				}
			}
			got := wants.ServedBy(piece)
			slices.Sort(keys)
			slices.Sort(got)
			if !slices.Equal(got, keys) {
				t.Fatalf("wanted %s to serve %v, got %v", piece, keys, got)
			}
		}
	})
}
