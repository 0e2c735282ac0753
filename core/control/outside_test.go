package control_test

import (
	"context"
	"testing"

	"avescript/core/control"
)

func TestCallbackBeforeServe(t *testing.T) {
	type key struct{}
	s, err := control.NewServer(methods{}, control.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan any, 1)
	s.Callback("test", func(ctx context.Context) error {
		got <- ctx.Value(key{})
		return nil
	})
	served := make(chan error)
	go func() { served <- s.Serve(context.WithValue(ctx, key{}, "of Serve")) }()
	if value := <-got; value != "of Serve" {
		t.Errorf("got %v in the context", value)
	}
	s.Shutdown(nil)
	if err := <-served; err != nil {
		t.Error(err)
	}

	if s, err = control.NewServer(methods{}, control.Options{}); err != nil {
		t.Fatal(err)
	}
	s.Callback("test", func(context.Context) error { t.Error("called without Serve"); return nil })
	s.Shutdown(nil)
}
