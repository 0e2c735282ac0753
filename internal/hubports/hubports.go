// Package hubports finds addresses for the hubs of a cluster in tests. Each hub has two ports
// of which the numbers are known before it starts, so another process must not get them
// meanwhile: they are not among those that the system gives to whoever asks for any port.
package hubports

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	first = 10000
	most  = 20000 // ports; with the offset they are below the range of the system, which begins at 32768
	tries = 1000

	// offset is how far the port for the other hubs is from that for clients.
	offset = 2000
)

// Addresses are n addresses on this host. Nobody listens at them, nor at the ports for the
// other hubs.
func Addresses(n int) (list []string, err error) {
	for try := 0; len(list) < n; try++ {
		if try == tries {
			return nil, errors.New("found no ports for hubs: wanted free ones between 10000 and 32000")
		}
		port := first + rand.IntN(most)
		l, err := net.Listen("tcp", at(port))
		if err != nil {
			continue
		}
		defer l.Close()
		route, err := net.Listen("tcp", at(port+offset))
		if err != nil {
			continue
		}
		defer route.Close()
		list = append(list, at(port))
	}
	return list, nil
}

func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
