// Package secret hides keys in text for people, such as dumps.
//
// A [Mask] knows the keys of a program and finds them anywhere. Other secrets are
// recognized by their names: see [IsName].
package secret

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Masked replaces secrets.
const Masked = "<masked>"

// shortest is the minimum length of keys that are masked within other text. A shorter
// key is only masked if it is a whole string: to mask "a" everywhere would make the
// text unreadable, and show what the key is.
const shortest = 6

// Mask hides keys. A nil Mask hides nothing.
type Mask struct {
	forms *strings.Replacer
	short map[string]bool
}

// NewMask creates a mask for keys; empty ones are ignored.
func NewMask(keys []string) *Mask {
	m := &Mask{short: map[string]bool{}}
	var all []string
	for _, key := range keys {
		forms := []string{key, inside(strconv.Quote(key)), inside(asJSON(key))}
		switch {
		case key == "":
		case len(key) < shortest:
			m.short[key] = true
			for _, form := range forms {
				all = append(all, `"`+form+`"`, `'`+form+`'`)
			}
		default:
			all = append(all, forms...)
		}
	}
	// If one key is the beginning of another, the longer one is searched first.
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, form := range slices.Compact(all) {
		pairs = append(pairs, form, Masked)
	}
	m.forms = strings.NewReplacer(pairs...)
	return m
}

// Text is text with Masked in the place of every key.
func (m *Mask) Text(text string) string {
	if m == nil {
		return text
	}
	return m.forms.Replace(text)
}

// Value is a string that may be a key as a whole, too.
func (m *Mask) Value(text string) string {
	if m != nil && m.short[text] {
		return Masked
	}
	return m.Text(text)
}

// Hides reports whether m hides a value with this name.
func (m *Mask) Hides(name string) bool { return m != nil && IsName(name) }

// IsName reports whether a value with this name is secret.
func IsName(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "authkey", "authkeys", "alt_keys":
		return true
	}
	return strings.Contains(name, "password") || strings.Contains(name, "secret") || strings.Contains(name, "token")
}

func asJSON(text string) string {
	quoted, _ := json.Marshal(text) // a string can always be encoded
	return string(quoted)
}

// inside is a quoted string without the quotes.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
