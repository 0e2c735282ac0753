package control

import "encoding/json"

// Builtin is a method that every service has.
type Builtin struct {
	Name string
	Method
	Doc string
}

// Builtins are these methods; $describe only exists in a service with a description.
// They cannot collide with methods of a handler, because "$" is not allowed in
// identifiers.
var Builtins = []Builtin{
	{DescribeMethod, Method{RPC: true, Concurrent: true},
		"Returns the name of the service, and for each method its name, parameters, documentation and who may call it."},
	{endCallMethod, Method{RPC: true, Concurrent: true, Admin: true},
		"Ends a call by its number (see $statistics): an error is raised in the method, and the client gets Terminated."},
	{handoverMethod, Method{RPC: true, Concurrent: true, Admin: true},
		"Hands the service over to the process that listens on a socket file of this host."},
	{statisticsMethod, Method{RPC: true, Concurrent: true, Admin: true},
		"Returns counts of calls, errors and latencies by method, of connections, and of how often each limit was reached; lists the calls in progress."},
}

const (
	builtinPrefix    = "$"
	statisticsMethod = "$statistics"
	DescribeMethod   = "$describe"
	handoverMethod   = "$handover"
	endCallMethod    = "$end_call"

	// AdminAccount is the account that may call administrator methods. In a service
	// without this account, the primary key is needed.
	AdminAccount = "admin"
)

// builtinTarget is the [Method.Target] of a builtin.
type builtinTarget func(call *Call) (json.RawMessage, error)

func (s *Server) makeBuiltins() map[string]Method {
	targets := map[string]builtinTarget{
		endCallMethod:    s.endCall,
		handoverMethod:   s.beginHandover,
		statisticsMethod: func(*Call) (json.RawMessage, error) { return json.Marshal(s.Statistics()) },
	}
	if describe := s.options.Describe; describe != nil {
		targets[DescribeMethod] = func(*Call) (json.RawMessage, error) { return describe() }
	}
	builtins := map[string]Method{}
	for _, b := range Builtins {
		if target := targets[b.Name]; target != nil {
			b.Target = target
			builtins[b.Name] = b.Method
		}
	}
	return builtins
}
