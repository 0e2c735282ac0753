package control

import (
	"context"
	"encoding/json"
	"strings"
)

// methods are the methods that clients may call, of the service itself and of its
// handler.
type methods struct {
	own     map[string]Method
	handler Handler
}

func (m *methods) isOwn(name string) bool {
	_, own := m.own[name]
	return own
}

// lookup finds a method of the service itself, or of its handler.
func (m *methods) lookup(name string) (method Method, exists bool) {
	if strings.HasPrefix(name, builtinPrefix) {
		if method, ok := m.own[name]; ok {
			return method, true
		}
	}
	return m.handler.Lookup(name)
}

// call calls a method of the service itself, or of its handler.
func (m *methods) call(ctx context.Context, c *Conn, call *Call) (json.RawMessage, error) {
	if target, own := call.Target.(builtinTarget); own {
		return target(call)
	}
	return m.handler.Call(ctx, c, call)
}
