package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/go-json-experiment/json/jsontext"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// An answer is one object with the result or the exception of a call. These
// are put around it.
var (
	resultOpening    = []byte(`{"result": `)
	exceptionOpening = []byte(`{"exception": `)
	answerEnd        = []byte(`}`)
	null             = []byte("null")
)

// encodeException is err as it stands in an answer: a refusal as a string,
// which is what old services send, and everything else as an object.
func encodeException(err error) []byte {
	if r := refusal(""); errors.As(err, &r) {
		// Quoting fails for text that is not UTF-8, and puts U+FFFD there.
		quoted, _ := jsontext.AppendQuote(nil, string(r))
		return quoted
	}
	e := exceptionOf(err)
	data, err := json.Marshal(e)
	if err != nil {
		e = &exceptions.Error{Class: e.Class, Message: e.Message, Trace: e.Trace}
		if data, err = json.Marshal(e); err != nil {
			data = []byte(`"the exception could not be encoded"`)
		}
	}
	return data
}

// exceptionOf finds the exception that err is or wraps. The message is that of
// err, with all that was wrapped around the exception.
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

// isExit reports whether err ends a service. One that another service ended
// with does not.
func isExit(err error) bool {
	var e *exceptions.Error
	return errors.As(err, &e) && e.Class.IsA(exceptions.Exit) && !e.Foreign
}

// withoutTrace is how an exit is sent.
func withoutTrace(err error) *exceptions.Error {
	exit := *exceptionOf(err)
	exit.Trace = nil
	return &exit
}

// overflow is the error for a frame that is too long. The old services had no
// limit but the one of a C integer, and these words for it.
func overflow(tooLong *connection.TooLongError) error {
	reason := fmt.Sprintf("a frame of %d bytes is longer than the %d that are taken", tooLong.Size, tooLong.Max)
	if tooLong.Size > math.MaxInt32 {
		reason = "signed integer is greater than maximum"
	}
	return exceptions.OverflowError.Newf("got invalid RPC from client, %s. disconnect", reason)
}

// decodeAnswer reads an answer. The error is the exception that it carries, or
// ok is false when it is no answer at all.
func decodeAnswer(frame []byte) (result json.RawMessage, ok bool, err error) {
	var exception json.RawMessage
	object, scanErr := scanObject(frame, func(s *scanner, name []byte) (err error) {
		switch string(name) {
		case `"result"`:
			result, err = s.value()
		case `"exception"`:
			exception, err = s.value()
		default:
			_, err = s.value()
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
