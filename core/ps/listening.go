package ps

import (
	"fmt"

	"avescript/core/connection"
	"avescript/core/persona"
	"avescript/core/process"
)

// Listener is a process of this host that has the name of a service, and listens. It was
// not asked whether it is a service.
type Listener struct {
	Name      string
	PID       int
	Account   string
	Addresses []connection.Address // to connect to from this host
}

// String is "ave-Shelf (4711) of lab".
func (l *Listener) String() string { return fmt.Sprintf("%s (%d) of %s", l.Name, l.PID, l.Account) }

// Listening lists the processes that may be services, if this user may look at them.
func Listening() ([]Listener, error) {
	programs, err := process.Programs()
	if err != nil {
		return nil, err
	}
	sockets := readSockets(programs)
	var list []Listener
	for _, p := range programs {
		if addresses := sockets.listening[p.PID]; p.IsNamed() && len(addresses) > 0 {
			list = append(list, Listener{p.Comm, p.PID, persona.NameOf(p.UID), addresses})
		}
	}
	return list, nil
}
