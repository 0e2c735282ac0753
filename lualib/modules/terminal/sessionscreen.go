package terminal

import (
	"context"
	"time"

	"avescript/core/screen"
	"avescript/lualib/bind"
)

// The methods of a Session that are about its screen.

// defaultQuiet is how long a screen must stay the same to be stable. Programs draw
// in several steps; a step rarely takes this long.
const defaultQuiet = 200 * time.Millisecond

func sessionScreen(c *bind.Call) error {
	return returnImage(c, func(ctx context.Context, s *session) (*screen.Image, error) { return s.Screen(ctx) })
}

func sessionExpectScreen(c *bind.Call) error {
	var wanted pattern
	var options struct {
		Row     int          `lua:"row"`
		Timeout bind.Seconds `lua:"timeout"`
	}
	return returnImage(c, func(ctx context.Context, s *session) (*screen.Image, error) {
		return s.ExpectScreen(ctx, wanted.Pattern, options.Row, s.limit(options.Timeout))
	}, &wanted, &options)
}

func sessionWaitStable(c *bind.Call) error {
	var options struct {
		Quiet   bind.Seconds `lua:"quiet"`
		Timeout bind.Seconds `lua:"timeout"`
	}
	return returnImage(c, func(ctx context.Context, s *session) (*screen.Image, error) {
		return s.WaitStable(ctx, options.Quiet.Or(defaultQuiet), s.limit(options.Timeout))
	}, &options)
}

func returnImage(c *bind.Call, take func(ctx context.Context, s *session) (*screen.Image, error), args ...any) error {
	var image *screen.Image
	err := bind.WithPart(c, func(ctx context.Context, s *session) (err error) {
		image, err = take(ctx, s)
		return err
	}, args...)
	if err != nil {
		return err
	}
	return c.Return(imageValue(c.L, image))
}

// sessionPress presses keys, one after the other.
func sessionPress(c *bind.Call) error {
	keys := make([]string, c.Len())
	targets := make([]any, c.Len())
	for i := range keys {
		targets[i] = &keys[i]
	}
	return bind.WithPart(c, func(ctx context.Context, s *session) error { return s.Press(ctx, keys, s.timeout) }, targets...)
}
