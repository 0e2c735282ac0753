package control

import (
	"encoding/json"
	"strings"
)

// Every service has methods of its own. No method of a handler can be in their
// place: their names begin with what no identifier has.
const (
	builtinPrefix    = "$"
	statisticsMethod = "$statistics"
	describeMethod   = "$describe"

	// adminAccount is who may read the statistics, by the rule for preauth.
	adminAccount = "admin"
)

type builtin struct {
	Method
	answer func() (json.RawMessage, error)
}

func (s *Server) makeBuiltins() map[string]builtin {
	builtins := map[string]builtin{statisticsMethod: {
		Method{RPC: true, Concurrent: true, Preauth: []string{adminAccount}},
		func() (json.RawMessage, error) { return json.Marshal(s.Statistics()) },
	}}
	if description := s.options.Description; description != nil {
		builtins[describeMethod] = builtin{
			Method{RPC: true, Concurrent: true},
			func() (json.RawMessage, error) { return description, nil },
		}
	}
	return builtins
}

// lookup finds a method of the service, or else of its handler.
func (s *Server) lookup(name string) (method Method, exists bool) {
	if strings.HasPrefix(name, builtinPrefix) {
		if b, ok := s.builtins[name]; ok {
			return b.Method, true
		}
	}
	return s.handler.Lookup(name)
}

// call has a method of the service or of its handler called.
func (s *Server) call(c *Conn, call *Call) (json.RawMessage, error) {
	if strings.HasPrefix(call.Method, builtinPrefix) {
		if b, ok := s.builtins[call.Method]; ok {
			return b.answer()
		}
	}
	return s.handler.Call(s.ctx, c, call)
}
