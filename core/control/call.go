package control

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"avescript/core/rpcjson"
)

// Call is a call of a client. The raw values are valid JSON and belong to the
// connection: they can be used until the handler returns.
type Call struct {
	Method   string
	Resource json.RawMessage // an object, or nil if it is null or missing
	Vargs    json.RawMessage // an array
	Kwargs   json.RawMessage // an object
	Async    bool            // nobody waits for the answer

	Target any // [Method.Target]
	Values any // what Options.Decode made of the raw values

	claims json.RawMessage // of the client

	weight  int // bytes of memory that the values need
	ongoing ongoingCall
	conn    *Conn // its frame can be freed before the call ends; nil if it cannot
}

// Release says that the handler does not need the raw values any more, so that their
// memory can be freed before the call ends.
func (call *Call) Release() {
	if call.conn != nil {
		call.Resource, call.Vargs, call.Kwargs = nil, nil, nil
		call.conn.reading.drop()
	}
}

// OnEnd registers end, which is called from another goroutine if the administrator ends
// the call before the handler returns; end must not block. A handler that does not use
// OnEnd continues, and its client gets Terminated when it returns.
func (call *Call) OnEnd(end func(err error)) { call.ongoing.onEnd(end) }

// A refusal is the error text of a call that never reaches the handler. Old clients
// expect it as a bare string.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	errNoMethod        refusal = `the "method" attribute is missing`
	errNoParams        refusal = `the "params" attribute is missing`
	errUnauthenticated refusal = "not authenticated to make this call"
	errUnauthorized    refusal = "not authorized to make this call"
)

// shownText is how many characters of a call are shown in an error.
const shownText = 200

// decode reads a call. The error is a refusal; Async is set even then, if it could be
// read.
func (call *Call) decode(frame []byte) error {
	*call = Call{}
	var method, resource, params, async json.RawMessage
	_, err := rpcjson.Object(frame, func(s *rpcjson.Scanner, name []byte) (err error) {
		switch string(name) {
		case `"method"`:
			method, err = s.Value()
		case `"params"`:
			params, err = call.scanParams(s)
		case `"resource"`:
			resource, err = s.Value()
		case `"async"`:
			async, err = s.Value()
		case `"client"`:
			call.claims, err = s.Value()
		default:
			_, err = s.Value()
		}
		return err
	})
	call.Async = string(async) == "true"
	switch {
	case err != nil:
		call.Async = false
		return refusal("malformed JSON: " + shown(frame))
	case method == nil:
		return errNoMethod
	case params == nil:
		return errNoParams
	case len(call.Vargs) == 0 || call.Vargs[0] != '[', len(call.Kwargs) == 0 || call.Kwargs[0] != '{':
		return refusal("malformed arguments: " + shown(params))
	case resource != nil && string(resource) != "null" && resource[0] != '{':
		return refusal("malformed arguments: resource: " + shown(resource))
	case async != nil && !call.Async && string(async) != "false":
		return refusal("RPC async flag is not a boolean: " + shown(frame))
	case method[0] != '"':
		return noSuchRPC(string(method))
	}
	name, err := jsontext.AppendUnquote(nil, method)
	if err != nil { // half of a surrogate pair was replaced by U+FFFD
		return noSuchRPC(string(name))
	}
	call.Method = string(name)
	if string(resource) != "null" {
		call.Resource = resource
	}
	return nil
}

// scanParams reads the params, and stores what it knows of them in call.
func (call *Call) scanParams(s *rpcjson.Scanner) (json.RawMessage, error) {
	call.Vargs, call.Kwargs = nil, nil
	if !s.IsObject() {
		return s.Value()
	}
	return s.Members(func(s *rpcjson.Scanner, name []byte) (err error) {
		switch string(name) {
		case `"vargs"`:
			call.Vargs, err = s.Value()
		case `"kwargs"`:
			call.Kwargs, err = s.Value()
		default:
			_, err = s.Value()
		}
		return err
	})
}

func noSuchRPC(name string) error { return refusal("no such RPC: " + shown(name)) }
func notAnRPC(name string) error  { return refusal("not an RPC: " + shown(name)) }

// shown is a text of a peer in the form for errors: shortened, and with U+FFFD for
// every byte that is not UTF-8.
func shown[T ~string | ~[]byte](text T) string {
	cut := text[:min(len(text), shownText*utf8.UTFMax)]
	runes := []rune(string(cut))
	return string(runes[:min(len(runes), shownText)])
}
