package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// HoldAsOrdered leases the equipment that the first line of in describes, a
// [wire.HoldOrder], writes it to out as [wire.Leases], and keeps it until in ends. If
// nothing can be leased, the line says why. connect is called after the order was read.
func HoldAsOrdered(ctx context.Context, in io.Reader, out io.Writer, connect func() (*link.Link, error)) error {
	words, lines := json.NewDecoder(in), json.NewEncoder(out)
	said := false
	err := holdAsOrdered(ctx, words, connect, func(leases wire.Leases) error {
		said = true
		return lines.Encode(leases)
	})
	if err == nil || said {
		return err
	}
	answer := wire.Leases{Error: err.Error()}
	if refusal, ok := errors.AsType[*link.Refusal](err); ok {
		answer.Code = refusal.Code
	}
	_ = lines.Encode(answer) // whoever reads it sees the exit status, too
	return err
}

func holdAsOrdered(ctx context.Context, words *json.Decoder, connect func() (*link.Link, error), got func(wire.Leases) error) error {
	var order wire.HoldOrder
	if err := words.Decode(&order); err != nil {
		return fmt.Errorf("wanted what to lease as a line of JSON on standard input, got %w", err)
	}
	l, err := connect()
	if err != nil {
		return err
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the end of the input, or anything else that comes
		_ = words.Decode(new(json.RawMessage))
		cancel()
	}()
	return Hold(ctx, l, HoldOptions{
		Needs: wire.Needs{Equipment: order.Needs}, Wait: time.Duration(order.Wait * float64(time.Second)), Reason: order.Reason,
	}, got)
}
