package control

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Call is a call as it came from a client. The raw values are valid JSON and
// belong to the connection: they can be used until the handler returns.
type Call struct {
	Method   string
	Resource json.RawMessage // an object, or nil for null and for none
	Vargs    json.RawMessage // an array
	Kwargs   json.RawMessage // an object
	Async    bool            // nobody waits for an answer
}

// A refusal is the text that a call gets for an answer when it never reaches
// the handler. Old clients know it as a bare string.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	errNoMethod        refusal = `the "method" attribute is missing`
	errNoParams        refusal = `the "params" attribute is missing`
	errUnauthenticated refusal = "not authenticated to make this call"
	errUnauthorized    refusal = "not authorized to make this call"
)

// shownText is how many characters of a call an error shows.
const shownText = 200

// decode reads a call. The error is a refusal, and Async is right all the same
// if it could be read.
func (call *Call) decode(frame []byte) error {
	*call = Call{}
	var method, resource, params, async json.RawMessage
	_, err := scanObject(frame, func(s *scanner, name []byte) (err error) {
		switch string(name) {
		case `"method"`:
			method, err = s.value()
		case `"params"`:
			params, err = call.scanParams(s)
		case `"resource"`:
			resource, err = s.value()
		case `"async"`:
			async, err = s.value()
		default:
			_, err = s.value()
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
	if err != nil { // half of a surrogate pair: U+FFFD is in its place
		return noSuchRPC(string(name))
	}
	call.Method = string(name)
	if string(resource) != "null" {
		call.Resource = resource
	}
	return nil
}

// scanParams takes the params, and what is known of them into call.
func (call *Call) scanParams(s *scanner) (json.RawMessage, error) {
	call.Vargs, call.Kwargs = nil, nil
	if s.dec.PeekKind() != '{' {
		return s.value()
	}
	return s.members(func(s *scanner, name []byte) (err error) {
		switch string(name) {
		case `"vargs"`:
			call.Vargs, err = s.value()
		case `"kwargs"`:
			call.Kwargs, err = s.value()
		default:
			_, err = s.value()
		}
		return err
	})
}

func noSuchRPC(name string) error { return refusal("no such RPC: " + shown(name)) }
func notAnRPC(name string) error  { return refusal("not an RPC: " + shown(name)) }

// shown is the text of a peer as an error shows it: cut, and with U+FFFD for
// every byte that is not UTF-8.
func shown[T ~string | ~[]byte](text T) string {
	cut := text[:min(len(text), shownText*utf8.UTFMax)]
	runes := []rune(string(cut))
	return string(runes[:min(len(runes), shownText)])
}
