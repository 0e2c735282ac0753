package control_test

import (
	"runtime"
	"slices"
	"testing"

	"avescript/core/control"
	"avescript/internal/poll"
)

// Keys are known as long as the client or the service is in use.
func TestKeysInUse(t *testing.T) {
	account := "an account's"
	start(t, methods{}, control.Options{Authkey: "a service's", AltKeys: map[string]*string{"guest": &account, "open": nil}})
	client := control.NewClient(control.ClientOptions{Authkey: "a client's"})
	for _, key := range []string{"a client's", "a service's", "an account's"} {
		if !slices.Contains(control.KeysInUse(), key) {
			t.Errorf("%q is missing in %q", key, control.KeysInUse())
		}
	}
	client.Close()
	poll.Until(t, "the key of a client that nobody has is forgotten", func() bool {
		runtime.GC()
		return !slices.Contains(control.KeysInUse(), "a client's")
	})
}
