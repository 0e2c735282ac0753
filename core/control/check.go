package control

// check finds the method of a call, and checks whether it may be called. The error is a
// refusal.
func (s *Server) check(c *Conn, call *Call) (method Method, err error) {
	if s.hasResource(call) {
		return Method{}, nil // resolve checks it later
	}
	method, exists := s.methods.lookup(call.Method)
	return method, s.allows(c, call, &method, exists)
}

func (s *Server) allows(c *Conn, call *Call, method *Method, exists bool) error {
	switch {
	case !exists:
		return noSuchRPC(call.Method)
	case !method.RPC:
		return notAnRPC(call.Method)
	case method.Admin && !s.keys.administers(&c.arrival.identity):
		return errUnauthorized
	case method.Auth && !c.arrival.identity.Primary:
		return errUnauthenticated
	case method.Preauth != nil && !s.keys.admits(&c.arrival.identity, method.Preauth):
		return errUnauthorized
	}
	return nil
}

// hasResource reports whether the call is for a method of something other than the
// service itself.
func (s *Server) hasResource(call *Call) bool {
	return call.Resource != nil && s.options.Resource != nil && !s.methods.isOwn(call.Method)
}

// resolve finds the method of a call with a resource, and checks whether it may be
// called.
func (s *Server) resolve(c *Conn, call *Call) (method Method, err error) {
	exists := false
	err = guard(func() (err error) {
		method, exists, err = s.options.Resource(s.ctx, c, call)
		return err
	})
	switch {
	case err == nil:
		err = s.allows(c, call, &method, exists)
	case isFault(err):
		s.journal.callError(call.Method, err)
	case isExit(err):
		s.Shutdown(withoutTrace(err))
	}
	if err != nil {
		method = Method{} // the caller holds Server.dispatch if its method is not concurrent
	}
	return method, err
}
