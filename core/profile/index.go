package profile

import (
	"cmp"
	"slices"
)

// property is a key and its value in canonical JSON.
type property struct{ key, value string }

// Index finds the profiles in a list that match another profile, by their index in the
// list. The zero value is an empty list.
type Index struct {
	profiles []Profile
	having   map[property][]int // ascending
}

// Add appends a profile to the list and returns its index.
func (x *Index) Add(p Profile) int {
	if x.having == nil {
		x.having = map[property][]int{}
	}
	place := len(x.profiles)
	x.profiles = append(x.profiles, p)
	for key, value := range p.properties {
		at := property{key, value}
		x.having[at] = append(x.having[at], place)
	}
	return place
}

// Find returns the indices of all profiles that match wanted, in order.
func (x *Index) Find(wanted Profile) (places []int) {
	rarest, ok := x.rarest(wanted)
	if !ok {
		for place := range x.profiles {
			places = append(places, place)
		}
		return places
	}
	if wanted.Len() == 1 {
		return slices.Clone(x.having[rarest])
	}
	for _, place := range x.having[rarest] {
		if x.profiles[place].Match(wanted) {
			places = append(places, place)
		}
	}
	return places
}

// rarest is the property of a profile that the fewest profiles in the list have, always
// the same one; ok is false if the profile has no properties.
func (x *Index) rarest(p Profile) (rarest property, ok bool) {
	for key, value := range p.properties {
		at := property{key, value}
		switch n := cmp.Compare(len(x.having[at]), len(x.having[rarest])); {
		case !ok, n < 0, n == 0 && at.key < rarest.key:
			rarest, ok = at, true
		}
	}
	return rarest, ok
}

// Wants is the reverse: it finds, among the profiles that are wanted, those that a
// piece matches. T is the type of what wants them.
type Wants[T any] struct {
	pieces *Index
	filed  map[property]map[string]want[T] // by the rarest property and the key
}

type want[T any] struct {
	wanted Profile
	by     T
}

// NewWants creates an empty set for the pieces of an index.
func NewWants[T any](pieces *Index) *Wants[T] {
	return &Wants[T]{pieces, map[property]map[string]want[T]{}}
}

// Add records that a profile is wanted by something. It replaces an earlier entry for
// the profile.
func (w *Wants[T]) Add(wanted Profile, by T) {
	at, _ := w.pieces.rarest(wanted)
	if w.filed[at] == nil {
		w.filed[at] = map[string]want[T]{}
	}
	w.filed[at][wanted.Key()] = want[T]{wanted, by}
}

// Remove records that a profile is not wanted any more. The pieces must be the same as
// when it was added.
func (w *Wants[T]) Remove(wanted Profile) {
	at, _ := w.pieces.rarest(wanted)
	delete(w.filed[at], wanted.Key())
	if len(w.filed[at]) == 0 {
		delete(w.filed, at)
	}
}

// ServedBy returns all that want a piece, in no particular order.
func (w *Wants[T]) ServedBy(piece Profile) (all []T) {
	look := func(at property) {
		for _, want := range w.filed[at] {
			if piece.Match(want.wanted) {
				all = append(all, want.by)
			}
		}
	}
	look(property{})
	for key, value := range piece.properties {
		look(property{key, value})
	}
	return all
}
