package control

// StallTime is how long a client may be stalled while others wait.
const StallTime = stallTime

// Incoming, Values and Unread are how many bytes of the budgets are in use.
func (s *Server) Incoming() int { return s.room.incoming.inUse() }
func (s *Server) Values() int   { return s.room.values.inUse() }
func (s *Server) Unread() int   { return s.room.unread.inUse() }

// UnderWay is how many calls are in progress or wait for their turn.
func (s *Server) UnderWay() int { return int(s.activity.underWay.Load()) }

// Frozen reports whether the service is frozen, except what it waits for.
func (s *Server) Frozen() bool { return s.gate.frozen.Load() }

// Server is the service that a connection belongs to.
func (c *Conn) Server() *Server { return c.server }

func (b *budget) inUse() int {
	used, _ := b.state()
	return used
}
