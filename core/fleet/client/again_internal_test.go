package client

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
)

// A long transfer is tried again when the hub fails at its end, and not without limit.
func TestPatienceBeginsWithTheFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link.Link{Conn: new(nats.Conn)} // is not connected
		failed := errors.New("the hub is away")
		began, tries := time.Now(), 0
		err := again(t.Context(), l, func() error {
			tries++
			if tries == 1 {
				time.Sleep(2 * patience)
			}
			return failed
		})
		if passed := time.Since(began); !errors.Is(err, failed) || tries < 2 || passed < 3*patience || passed > 3*patience+retryMost {
			t.Errorf("got %v after %d tries and %s", err, tries, passed)
		}
		tries = 0
		if err := again(t.Context(), l, func() error {
			if tries++; tries > 1 {
				return nil
			}
			time.Sleep(2 * patience)
			return failed
		}); err != nil {
			t.Error(err)
		}
	})
}
