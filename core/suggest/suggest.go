// Package suggest finds the name that a user may have meant.
package suggest

import (
	"cmp"
	"slices"
	"strings"
)

// longestWord is the longest word, in bytes, for which a name is searched.
const longestWord = 64

// Similar is the name that is most similar to word, "" if none is: one letter of three
// may be wrong, and two swapped letters count as one. Case does not matter, and the end
// of a word of three letters or more may be missing.
func Similar(word string, names []string) string {
	if word == "" || len(word) > longestWord {
		return ""
	}
	best, least := "", 0
	for _, name := range slices.Sorted(slices.Values(names)) {
		d := distance(strings.ToLower(word), strings.ToLower(name))
		if name == "" || name == word || d > len(word)/3 && !begins(word, name) || d >= len(name) {
			continue
		}
		if best == "" || cmp.Less(d, least) {
			best, least = name, d
		}
	}
	return best
}

// Hint is the end of a message about a name that does not exist: "; did you mean
// 'run'?", or "" if no name is similar.
func Hint(word string, names []string) string {
	if name := Similar(word, names); name != "" {
		return "; did you mean '" + name + "'?"
	}
	return ""
}

// Among is [Hint] followed by a list of all names.
func Among(word string, names []string) string {
	if hint := Hint(word, names); hint != "" {
		return hint + " Valid names are " + strings.Join(names, ", ")
	}
	return "; valid names are " + strings.Join(names, ", ")
}

func begins(word, name string) bool {
	const enough = 3
	return len(word) >= enough && strings.HasPrefix(strings.ToLower(name), strings.ToLower(word))
}

// distance is how many letters must be changed, added, removed or swapped with their
// neighbour to get from a to b.
func distance(a, b string) int {
	if d := len(b) - len(a); d > longestWord {
		return d
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			changed := last[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
