package connection

// State is what the socket is just now, for a person.
func (s *Socket) State() string {
	if _, err := s.Fileno(); err != nil {
		return "closed"
	}
	switch {
	case s.isListening():
		return "listening"
	case s.isConnected():
		return "connected"
	}
	return "not connected"
}
