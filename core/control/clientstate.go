package control

import (
	"errors"

	"avescript/core/connection"
)

// Address is the address of the service.
func (c *Client) Address() connection.Address { return c.options.Address }

// State describes the state of the client's connection to a person.
func (c *Client) State() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch l := c.link; {
	case l != nil && errors.Is(l.lost, errClosed), l == nil && c.closed.Err() != nil:
		return "closed"
	case l != nil && l.lost != nil:
		return "disconnected"
	case l != nil:
		return "connected"
	}
	return "not connected"
}

// Connections tells whether the client is connected, and how many connections it has
// made.
func (c *Client) Connections() (connected bool, made uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link != nil && c.link.lost == nil, c.links
}

// Unanswered is how many calls the service has not answered yet, waited for or not.
func (c *Client) Unanswered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return 0
	}
	return len(c.link.pending)
}

// IsUnknown reports whether the service knows no key of this client, which has none, and
// has answered no call of it: it may not talk to strangers.
func (c *Client) IsUnknown() bool { return c.anonymous.Load() }
