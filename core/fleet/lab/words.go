package lab

import (
	"context"
	"strings"

	"avescript/core/completion"
	"avescript/core/fleet/wire"
)

// View is the lab, for completion: it is empty if the hub does not answer.
func View(ctx context.Context) *wire.Lab {
	answer, _, err := Ask(ctx, Looking, wire.VerbLab, nil)
	if err != nil || answer.Lab == nil {
		return &wire.Lab{}
	}
	return answer.Lab
}

// Beginning are the words that begin with a prefix.
func Beginning(words []string, prefix string) (some []string) {
	for _, word := range words {
		if strings.HasPrefix(word, prefix) {
			some = append(some, word)
		}
	}
	return some
}

// HostWords are the hosts of a lab, as candidates.
func HostWords(lab *wire.Lab) (words []string) {
	for _, h := range lab.Hosts {
		words = append(words, completion.Candidate(h.Name, h.State))
	}
	return words
}

// RunWords are the runs of a lab, the newest first.
func RunWords(lab *wire.Lab) (words []string) {
	for i := len(lab.Runs) - 1; i >= 0; i-- {
		r := lab.Runs[i]
		words = append(words, completion.Candidate(r.Run, r.State+", "+r.User+" "+r.Title))
	}
	return words
}

// PieceWords are the pieces of equipment of a host.
func PieceWords(lab *wire.Lab, host string) (words []string) {
	for _, p := range lab.Pieces {
		if p.Host == host {
			words = append(words, completion.Candidate(p.Profile.Key(), p.State))
		}
	}
	return words
}
