package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/go-json-experiment/json/jsontext"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/rpcjson"
)

// An answer is an object with the result or the exception of a call. These texts are
// put around it.
var (
	resultOpening    = []byte(`{"result": `)
	exceptionOpening = []byte(`{"exception": `)
	answerEnd        = []byte(`}`)
	null             = []byte("null")
)

// encodeException encodes err for an answer: a refusal as a string, as old services do,
// and everything else as an object.
func encodeException(err error) []byte {
	if r := refusal(""); errors.As(err, &r) {
		// Quoting fails for text that is not UTF-8, but still writes it, with U+FFFD.
		quoted, _ := jsontext.AppendQuote(nil, string(r))
		return quoted
	}
	e := exceptionOf(err)
	data, err := e.Encode()
	if err != nil {
		e = &exceptions.Error{Class: e.Class, Message: e.Message, Trace: e.Trace}
		if data, err = e.Encode(); err != nil {
			data = []byte(`"the exception could not be encoded"`)
		}
	}
	return data
}

// exceptionOf returns the exception that err is or wraps. Its message is that of err,
// with everything that was wrapped around the exception.
func exceptionOf(err error) *exceptions.Error {
	var e *exceptions.Error
	if !errors.As(err, &e) {
		return &exceptions.Error{Class: exceptions.Exception, Message: err.Error()}
	}
	if e.Error() == err.Error() {
		return e
	}
	wrapped := *e
	wrapped.Message = err.Error()
	return &wrapped
}

// sendable converts the error of a call for the client. An error of a connection
// becomes an AveException that has the error as its cause and the address of the
// service where it happened. If a client gets an error of a connection, it is always
// about its own.
func sendable(err error, service connection.Address) error {
	e := exceptionOf(err)
	if !e.Class.IsNetwork() {
		return err
	}
	sent := *e
	sent.Class = exceptions.AveException
	sent.Message = fmt.Sprintf("a connection of the service failed: %s: %s", e.Class.Name, e.Message)
	sent.Details = maps.Clone(e.Details)
	if sent.Details == nil {
		sent.Details = map[string]any{}
	}
	sent.Details["cause"] = map[string]string{"type": e.Class.Name, "message": e.Message}
	sent.Details["service"] = []any{service.Host, service.Port}
	return &sent
}

// decodeResult reads the answer to a call, like decodeAnswer. Services of the earlier
// system may send errors of their connections unchanged.
func decodeResult(frame []byte, service connection.Address) (result json.RawMessage, ok bool, err error) {
	result, ok, err = decodeAnswer(frame)
	if err != nil {
		err = sendable(err, service)
	}
	return result, ok, err
}

// isExit reports whether err ends the service. The exit of another service does not.
func isExit(err error) bool {
	var e *exceptions.Error
	return errors.As(err, &e) && e.Class.IsA(exceptions.Exit) && !e.Foreign
}

// withoutTrace returns an exit as it is sent.
func withoutTrace(err error) *exceptions.Error {
	exit := *exceptionOf(err)
	exit.Trace = nil
	return &exit
}

// overflow is the error for a frame that is too long. The only limit of the old
// services was that of a C integer; the words are theirs.
func overflow(tooLong *connection.TooLongError) error {
	reason := fmt.Sprintf("a frame of %d bytes is longer than the limit of %d", tooLong.Size, tooLong.Max)
	if tooLong.Size > math.MaxInt32 {
		reason = "signed integer is greater than maximum"
	}
	return exceptions.OverflowError.Newf("got invalid RPC from client, %s. disconnect", reason)
}

// decodeAnswer reads an answer. The error is the exception in it; ok is false if it is
// not an answer.
func decodeAnswer(frame []byte) (result json.RawMessage, ok bool, err error) {
	var exception json.RawMessage
	object, scanErr := rpcjson.Object(frame, func(s *rpcjson.Scanner, name []byte) (err error) {
		switch string(name) {
		case `"result"`:
			result, err = s.Value()
		case `"exception"`:
			exception, err = s.Value()
		default:
			_, err = s.Value()
		}
		return err
	})
	switch {
	case scanErr != nil || !object:
		return nil, false, nil
	case exception != nil && string(exception) != "null":
		e, err := exceptions.Parse(exception)
		if err != nil {
			return nil, false, nil
		}
		e.Foreign = true
		return nil, true, e
	}
	return result, result != nil, nil
}
