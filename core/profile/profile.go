// Package profile describes equipment that is requested and leased.
//
// A [Profile] is a set of properties: JSON values with string keys. Values may be
// nested and are compared deeply. Two properties are equal if they have the same JSON
// value, however it is written: 1, 1.0 and 10e-1 are the same number, and the order of
// keys does not matter. Whole numbers of any size are exact; numbers with an exponent
// or a decimal point have the precision of a float64, and equal whole numbers only
// below 1e21.
package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Profile is a set of properties. It never changes, except by UnmarshalJSON, and may be
// shared. The zero value has no properties.
type Profile struct {
	// properties are canonical JSON texts: equal values have equal texts.
	properties map[string]string
}

// New makes a profile from Go values that encoding/json can encode.
func New(values map[string]any) (Profile, error) {
	if values == nil {
		return Profile{}, nil
	}
	text, err := json.Marshal(values)
	if err != nil {
		return Profile{}, fmt.Errorf("properties of a profile: %w", err)
	}
	return Parse(text)
}

// Parse makes a profile from a JSON object. A duplicate key, at any depth, is an error.
func Parse(text []byte) (Profile, error) {
	canonical := jsontext.Value(slices.Clone(text))
	if err := canonical.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return Profile{}, fmt.Errorf("profile: %w", err)
	}
	if canonical.Kind() != jsontext.KindBeginObject {
		return Profile{}, fmt.Errorf("wanted an object as profile, got %.200s", text)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(canonical, &members); err != nil {
		return Profile{}, fmt.Errorf("profile: %w", err)
	}
	p := Profile{make(map[string]string, len(members))}
	for key, value := range members {
		p.properties[key] = string(value)
	}
	return p, nil
}

// Len is the number of properties.
func (p Profile) Len() int { return len(p.properties) }

// Get returns the JSON value of a property.
func (p Profile) Get(key string) (value json.RawMessage, ok bool) {
	text, ok := p.properties[key]
	if !ok {
		return nil, false
	}
	return json.RawMessage(text), true
}

// Match reports whether p has all properties of wanted, with the same values.
// Everything matches a profile without properties.
func (p Profile) Match(wanted Profile) bool {
	for key, value := range wanted.properties {
		if own, ok := p.properties[key]; !ok || own != value {
			return false
		}
	}
	return true
}

// Minimize returns the properties of p that are mandatory or named by keys of profile,
// with p's values. Properties that p does not have are left out, even mandatory ones:
// the creator of a profile has to make sure that it is complete.
func (p Profile) Minimize(mandatory []string, profile Profile) Profile {
	less := Profile{map[string]string{}}
	for key, value := range p.properties {
		if _, named := profile.properties[key]; named || slices.Contains(mandatory, key) {
			less.properties[key] = value
		}
	}
	return less
}

// Key is a text that is the same for equal profiles, and different for others: their
// JSON with sorted keys. It can be used as the key of a Go map.
func (p Profile) Key() string {
	b := []byte{'{'}
	for i, key := range slices.Sorted(maps.Keys(p.properties)) {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, key) // fails for invalid UTF-8, which Parse refuses
		b = append(b, ':')
		b = append(b, p.properties[key]...)
	}
	return string(append(b, '}'))
}

// String is [Profile.Key], for messages.
func (p Profile) String() string { return p.Key() }

// MarshalJSON writes the profile with sorted keys.
func (p Profile) MarshalJSON() ([]byte, error) { return []byte(p.Key()), nil }

// UnmarshalJSON replaces the profile by the result of [Parse].
func (p *Profile) UnmarshalJSON(text []byte) error {
	parsed, err := Parse(text)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
