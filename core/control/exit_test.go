package control_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"avescript/core/control"
	"avescript/core/exceptions"
)

// An Exit ends the service that has raised it, but not services that pass it on.
func TestAForeignExitEndsNothing(t *testing.T) {
	back, _ := start(t, methods{"leave": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		return nil, exit("going down")
	}}}, control.Options{})
	toBack := newClient(t, back, "")
	front, _ := start(t, methods{"echo": echo, "ask": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		_, err := call(toBack, "leave")
		return nil, fmt.Errorf("the other one: %w", err)
	}}}, control.Options{})
	c := newClient(t, front, "")
	if _, err := call(c, "ask"); !errors.Is(err, exceptions.Exit) || err.Error() != "the other one: going down" {
		t.Errorf("got %v, want the Exit", err)
	}
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("afterwards: got %s, %v", got, err)
	}
}
