package control

import (
	"context"
	"encoding/json"
	"strings"
)

// Builtin is a method that every service has of its own.
type Builtin struct {
	Name string
	Method
	Doc string
}

// Builtins are these methods, but for $describe of a service without a
// description. No method of a handler can be in their place: their names begin
// with what no identifier has.
var Builtins = []Builtin{
	{DescribeMethod, Method{RPC: true, Concurrent: true},
		"Tells what the service is called, and of its methods their names, parameters, documentation and who may call them."},
	{handoverMethod, Method{RPC: true, Concurrent: true, Admin: true},
		"Hands the service over to the process that listens on a socket file of this host."},
	{statisticsMethod, Method{RPC: true, Concurrent: true, Admin: true},
		"Counts calls, errors and latencies by method, connections, and how often each limit was reached."},
}

const (
	builtinPrefix    = "$"
	statisticsMethod = "$statistics"
	DescribeMethod   = "$describe"
	handoverMethod   = "$handover"

	// AdminAccount is who may make the calls for the administrator. In a service
	// without that account it is who has the primary key.
	AdminAccount = "admin"
)

type builtin struct {
	Method
	answer func(call *Call) (json.RawMessage, error)
}

func (s *Server) makeBuiltins() map[string]builtin {
	answers := map[string]func(*Call) (json.RawMessage, error){
		handoverMethod:   s.beginHandover,
		statisticsMethod: func(*Call) (json.RawMessage, error) { return json.Marshal(s.Statistics()) },
	}
	if describe := s.options.Describe; describe != nil {
		answers[DescribeMethod] = func(*Call) (json.RawMessage, error) { return describe() }
	}
	builtins := map[string]builtin{}
	for _, b := range Builtins {
		if answer := answers[b.Name]; answer != nil {
			builtins[b.Name] = builtin{b.Method, answer}
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
func (s *Server) call(ctx context.Context, c *Conn, call *Call) (json.RawMessage, error) {
	if strings.HasPrefix(call.Method, builtinPrefix) {
		if b, ok := s.builtins[call.Method]; ok {
			return b.answer(call)
		}
	}
	return s.handler.Call(ctx, c, call)
}
