// Package ps lists the processes of this system and what they are doing: it finds them in
// /proc, and asks services for the rest. There is no registry of services that could be out
// of date.
//
// Only services are asked, which are named processes that listen: connecting to the port of
// another program could disturb it.
package ps

import (
	"cmp"
	"context"
	"os"
	"slices"
	"sync"

	"avescript/core/config"
	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/persona"
	"avescript/core/process"
)

// Process is a process of this system. If it is on another host, everything that only that
// host knows is missing.
type Process struct {
	Name    string   `json:"name"`
	Script  string   `json:"script,omitempty"` // the script that it runs, if it is not a service
	PID     int      `json:"pid"`
	Account string   `json:"account"`
	Ports   []int    `json:"ports"`
	Uptime  float64  `json:"uptime"` // in seconds
	Memory  int64    `json:"memory"` // in bytes, resident
	Service *Service `json:"service,omitempty"`
	Error   string   `json:"error,omitempty"` // why there is not all of Service

	addresses []connection.Address // where it listens, to connect to from this host
	address   connection.Address   // where Service has answered
}

// Peer is the process of this system and host at the other end of a connection.
type Peer struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Account string `json:"account"`
}

// AdminKey is the key of the account admin in the user's authkeys.json, or "".
func AdminKey() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	keys, _ := config.LoadAuthkeys(home) // a machine need not have the file
	if key := keys[control.AdminAccount]; key != nil {
		return *key
	}
	return ""
}

// Local lists the processes of this host. The key is only used for services of the same user,
// because any user can give a process the name of a service.
func Local(ctx context.Context, options control.ClientOptions) ([]Process, error) {
	programs, err := process.Programs()
	if err != nil {
		return nil, err
	}
	sockets := readSockets(programs)
	list := make([]Process, len(programs))
	var asking sync.WaitGroup
	for i, p := range programs {
		list[i] = local(p, sockets)
		if len(list[i].addresses) == 0 || !p.IsNamed() {
			continue
		}
		options := options
		if !mayHaveKey(os.Geteuid(), p.UID, sockets.makers[p.PID]) {
			options.Authkey = ""
		}
		asking.Go(func() { list[i].ask(ctx, options, sockets) })
	}
	asking.Wait()
	slices.SortFunc(list, func(a, b Process) int { return a.PID - b.PID })
	return list, ctx.Err()
}

// mayHaveKey tells whether a process of a user is one of uid's, with sockets that uid or root
// has made. Others who have made one may accept connections there, too.
func mayHaveKey(uid, user int, makers []int) bool {
	return user == uid && !slices.ContainsFunc(makers, func(maker int) bool { return maker != uid && maker != 0 })
}

func local(program process.Program, sockets *sockets) Process {
	p := Process{
		Name: program.Comm, Script: program.Script, PID: program.PID, Account: persona.NameOf(program.UID),
		Ports: []int{}, addresses: sockets.listening[program.PID],
	}
	for _, address := range p.addresses {
		if !slices.Contains(p.Ports, address.Port) {
			p.Ports = append(p.Ports, address.Port)
		}
	}
	if uptime, err := program.Uptime(); err == nil {
		p.Uptime = uptime.Seconds()
	}
	p.Memory, _ = process.Memory(p.PID) // it may just have ended
	return p
}

// ask asks at all addresses at the same time, because one may be that of the metrics.
func (p *Process) ask(ctx context.Context, options control.ClientOptions, sockets *sockets) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, len(p.addresses))
	for _, address := range p.addresses {
		go func() { answers <- ask(ctx, options, address, sockets) }()
	}
	var first error // what only times out comes later
	for range p.addresses {
		a := <-answers
		first = cmp.Or(first, a.err)
		if a.service != nil {
			p.Service, p.address, first = a.service, a.address, a.err
			break
		}
	}
	if first != nil {
		p.Error = first.Error()
	}
}

// Remote returns the process of a service on any host.
func Remote(ctx context.Context, options control.ClientOptions, address connection.Address) (Process, error) {
	programs, err := process.Programs()
	if err != nil {
		return Process{}, err
	}
	a := ask(ctx, options, address, readSockets(programs))
	if a.service == nil {
		return Process{}, a.err
	}
	p := Process{
		Name: a.service.Name, Ports: []int{address.Port}, Service: a.service, Uptime: a.statistics.Uptime,
		PID: a.statistics.Process.PID, Account: a.statistics.Process.Account, Memory: a.statistics.Process.Memory,
	}
	if name := a.statistics.Process.Name; name != "" {
		p.Name = name
	}
	if a.err != nil {
		p.Error = a.err.Error()
	}
	return p, nil
}
