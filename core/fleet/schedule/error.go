package schedule

import "fmt"

// Error says why an input was refused.
type Error struct {
	Code    string // one of wire.Code...
	Message string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

func refuse(code, format string, args ...any) error {
	return &Error{code, fmt.Sprintf(format, args...)}
}
