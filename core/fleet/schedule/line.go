package schedule

import (
	"cmp"
	"math"
	"strings"

	"avescript/core/fleet/wire"
)

// line is a heap: who comes next is at the front. It implements heap.Interface.
type line[T ordered[T]] []T

type ordered[T any] interface{ compare(other T) int }

var _ ordered[*place] = (*place)(nil)

func (l line[T]) Len() int           { return len(l) }
func (l line[T]) Less(i, j int) bool { return l[i].compare(l[j]) < 0 }
func (l line[T]) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *line[T]) Push(x any)        { *l = append(*l, x.(T)) }

func (l *line[T]) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// place is a user's place in the line of a round.
type place struct {
	user   *user
	cores  int // of running jobs, and what is kept for the user
	share  int // likewise: as claim.go counts it
	last   wire.Token
	turns  line[*turn]
	served bool // an old group of the user went first, or something is kept for it
}

// compare is the order of users: the one whose running jobs have the fewest cores comes
// first, and of equal ones who got nothing for longer.
func (p *place) compare(q *place) int {
	return cmp.Or(cmp.Compare(p.share, q.share), earlier(p.last, q.last), strings.Compare(p.user.name, q.user.name))
}

// limit is how many more cores a user may have.
func (p *place) limit() int {
	if p.user.quota == 0 {
		return math.MaxInt
	}
	return p.user.quota - p.cores
}

// take counts a job that was given to the user, or that something is kept for.
func (p *place) take(cores int) {
	p.cores += cores
	p.share += share(cores)
}

// earlier compares tokens.
func earlier(a, b wire.Token) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Index, b.Index))
}
