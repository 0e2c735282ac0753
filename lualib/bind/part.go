package bind

import (
	"context"

	"avescript/core/exceptions"
)

// WithPart unpacks the arguments of a method and runs op on the object's Go
// part without the lock.
func WithPart[T any](c *Call, op func(ctx context.Context, part T) error, args ...any) error {
	part, err := Self[T](c)
	if err != nil {
		return err
	}
	if err := c.Args(args...); err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) { err = op(ctx, part) })
	return err
}

// OnFiles runs op without the lock. Its errors become an OSError with the system's
// name for the error.
func OnFiles(c *Call, op func(ctx context.Context) error) error {
	var err error
	c.Unlocked(func(ctx context.Context) { err = op(ctx) })
	return exceptions.OfSystem(err)
}

// MadeBy is the [Class.Init] of a class whose objects a function makes.
func MadeBy(class, function string) func(*Call) error {
	return func(*Call) error {
		return exceptions.TypeError.Newf("%s: it is made by %s", class, function)
	}
}
