package ps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
)

// Service is what a service reports about itself.
type Service struct {
	Name        string  `json:"name"`
	Connections int     `json:"connections"`
	Queue       int     `json:"queue"`   // calls that wait for their turn
	Ongoing     []Call  `json:"ongoing"` // the oldest first
	Leases      []Lease `json:"leases,omitempty"`
}

// Call is a call that is being served, and which process here has made it.
type Call struct {
	control.OngoingCall
	Process *Peer           `json:"process,omitempty"`
	Claims  *control.Claims `json:"claims,omitempty"` // of a client that is not here
}

// Lease is what a client has leased from a broker. It has no client while it is being
// closed.
type Lease struct {
	Lease    json.RawMessage `json:"lease"`
	Profile  json.RawMessage `json:"profile"`
	Since    float64         `json:"since"` // in seconds of the epoch
	Reason   string          `json:"reason,omitempty"`
	Token    string          `json:"token,omitempty"`  // of a fleet's claim
	Client   *[2]any         `json:"client,omitempty"` // its host and port
	Accounts []string        `json:"accounts,omitempty"`
	Process  *Peer           `json:"process,omitempty"`
	Claims   *control.Claims `json:"claims,omitempty"` // of a client that is not here
}

// answer is the answer of a service. The service is nil if it has not answered; the error
// says why something is missing.
type answer struct {
	address    connection.Address
	service    *Service
	statistics control.Statistics
	err        error
}

const leasesMethod = "list_allocations_all"

// ask asks a service. A service of the earlier system returns neither its description nor
// its calls.
func ask(ctx context.Context, options control.ClientOptions, address connection.Address, sockets *sockets) (a answer) {
	options.Address, a.address = address, address
	client := control.NewClient(options)
	defer client.Close()
	get := func(method string, to any) error {
		text, err := client.Call(ctx, method, nil, nil, options.Timeout)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, to); err != nil {
			return fmt.Errorf("unexpected answer to %s: %w", method, err)
		}
		return nil
	}
	if a.err = client.Connect(ctx); a.err != nil {
		return a
	}
	var description struct {
		Name    string
		Methods []struct{ Name string }
	}
	described := get(control.DescribeMethod, &description)
	a.err = get("$statistics", &a.statistics)
	if described != nil && a.err != nil {
		a.err = described // the connection may have been lost after that
		return a
	}
	s := &Service{Name: description.Name, Ongoing: []Call{}}
	s.Connections = max(0, a.statistics.Connections-1) // without the one that asks
	a.service = s
	known := &clients{sockets, address.Port, a.statistics.Claimants}
	for _, call := range a.statistics.Ongoing {
		if call.Waiting {
			s.Queue++
		}
		entry := Call{OngoingCall: call}
		entry.Process, entry.Claims = known.who(&call.Client)
		s.Ongoing = append(s.Ongoing, entry)
	}
	for _, method := range description.Methods {
		if method.Name == leasesMethod {
			a.err = errors.Join(a.err, get(leasesMethod, &s.Leases))
		}
	}
	for i, lease := range s.Leases {
		s.Leases[i].Process, s.Leases[i].Claims = known.who(lease.Client)
	}
	slices.SortFunc(s.Leases, func(a, b Lease) int { return int(a.Since - b.Since) })
	return a
}

// clients finds the processes of the clients of a service.
type clients struct {
	sockets *sockets
	port    int // of the service
	claim   []control.Claimant
}

// who returns the process of a client if it is on this host and may be looked at. Otherwise
// it returns what the client says about itself, if anything.
func (c *clients) who(client *[2]any) (*Peer, *control.Claims) {
	if client == nil {
		return nil, nil
	}
	if p := c.sockets.peer(client, c.port); p != nil {
		return p, nil
	}
	for i := range c.claim {
		if sameAddress(c.claim[i].Client, *client) {
			return nil, &c.claim[i].Claims
		}
	}
	return nil, nil
}

// sameAddress compares what a service has told. It may be anything, so two values of any
// type must not be compared: those of some types cannot be.
func sameAddress(a, b [2]any) bool {
	host, isText := a[0].(string)
	port, isNumber := a[1].(float64)
	return isText && isNumber && b[0] == host && b[1] == port
}

// age is how old a lease is.
func (l *Lease) age() time.Duration {
	return time.Duration((float64(time.Now().UnixNano())/1e9 - l.Since) * float64(time.Second))
}

// End ends a call of a service by its number, and returns a description of the call.
func End(ctx context.Context, options control.ClientOptions, address connection.Address, number uint64) (string, error) {
	options.Address = address
	client := control.NewClient(options)
	defer client.Close()
	text, err := client.Call(ctx, "$end_call", json.RawMessage(fmt.Sprintf("[%d]", number)), nil, options.Timeout)
	if err != nil {
		return "", err
	}
	var call Call
	if err := json.Unmarshal(text, &call); err != nil {
		return "", fmt.Errorf("unexpected answer to $end_call: %w", err)
	}
	call.Ended = false // the text already says that
	return "told to end: " + call.text(), nil
}
