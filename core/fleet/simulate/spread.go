package simulate

import (
	"fmt"
	"slices"
	"time"
)

// Spread says how long something took.
type Spread struct {
	N                  int
	P50, P99, Greatest time.Duration
}

func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[min(len(all)-1, int(q*float64(len(all))))] }
	return Spread{N: len(all), P50: at(.5), P99: at(.99), Greatest: all[len(all)-1]}
}

// String is for people.
func (s Spread) String() string {
	if s.N == 0 {
		return "not measured"
	}
	return fmt.Sprintf("p50 %s, p99 %s, at most %s", short(s.P50), short(s.P99), short(s.Greatest))
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
