package ps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"avescript/core/config"
	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/persona"
	"avescript/core/probe"
	"avescript/core/process"
)

// Find gives the address of a service: [HOST:]PORT, or the pid or name of one on this
// host.
//
// Any user may give a process the name of a service, and root can look at all processes. So
// a name only means a process if it and its sockets belong to the caller, to root or to
// the account that runs the system. A pid or a port means that process, whoever owns it.
func Find(ctx context.Context, options control.ClientOptions, service string) (connection.Address, error) {
	programs, err := process.Programs()
	if err != nil {
		return connection.Address{}, err
	}
	sockets := readSockets(programs)
	var found []candidate
	for _, program := range programs {
		c := candidate{Process: local(program, sockets), uids: append(sockets.makers[program.PID], program.UID)}
		if len(c.addresses) > 0 && (c.Name == service || strconv.Itoa(c.PID) == service) {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		address, err := probe.ParseAddress(service)
		if err != nil {
			return address, fmt.Errorf("no service %q on this host: wanted [HOST:]PORT, or the pid or name of a process that listens", service)
		}
		return address, nil
	}
	p, err := choose(service, found, whoRuns())
	if err != nil {
		return connection.Address{}, err
	}
	if p.ask(ctx, options, sockets); p.Service == nil {
		return p.address, errors.New(p.Error)
	}
	return p.address, nil
}

// candidate is a process that may be meant.
type candidate struct {
	Process
	uids []int // the owner of the process, and of the sockets that it listens on
}

// whoRuns are the users whose processes may be found by name.
func whoRuns() (uids []int) {
	uids = []int{os.Geteuid()}
	if uids[0] != 0 {
		uids = append(uids, 0)
	}
	if etc, err := config.LoadEtc(); err == nil && !slices.Contains(uids, etc.UID) {
		uids = append(uids, etc.UID)
	}
	return uids
}

// choose returns the process that service means, which is a pid or a name. A process with
// the name must belong to one of the users.
func choose(service string, found []candidate, users []int) (*Process, error) {
	if i := slices.IndexFunc(found, func(c candidate) bool { return strconv.Itoa(c.PID) == service }); i >= 0 {
		return &found[i].Process, nil
	}
	var trusted []candidate
	for _, c := range found {
		if !slices.ContainsFunc(c.uids, func(uid int) bool { return !slices.Contains(users, uid) }) {
			trusted = append(trusted, c)
		}
	}
	switch len(trusted) {
	case 0:
		return nil, fmt.Errorf("%q is the name of %s: wanted a process of %s, with a socket of that user; if that is the service, give its pid",
			service, list(found), names(users))
	case 1:
		return &trusted[0].Process, nil
	}
	return nil, fmt.Errorf("there are %d services %q: give the pid of one, %s", len(trusted), service, pids(trusted))
}

// list is "process 4711 of lab, process 4712 of mary".
func list(candidates []candidate) string {
	var texts []string
	for _, c := range candidates {
		texts = append(texts, fmt.Sprintf("process %d of %s", c.PID, c.Account))
	}
	return strings.Join(texts, ", ")
}

func pids(candidates []candidate) string {
	var numbers []string
	for _, c := range candidates {
		numbers = append(numbers, strconv.Itoa(c.PID))
	}
	return strings.Join(numbers, ", ")
}

func names(users []int) string {
	var accounts []string
	for _, uid := range users {
		accounts = append(accounts, persona.NameOf(uid))
	}
	return strings.Join(accounts, " or ")
}
