package connection

// State describes the state of the connection to a person.
func (c *BlockingConnection) State() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil:
		return "connected"
	case c.listener != nil:
		return "listening"
	case c.attempt != nil:
		return "connecting"
	case c.closed:
		return "closed"
	}
	return "not connected"
}
