package lab

import (
	"cmp"
	"context"

	"avescript/core/fleet/access"
	"avescript/core/fleet/wire"
)

// Invite asks for an invitation, and returns the join line.
func Invite(ctx context.Context, invite wire.Invite) (string, error) {
	answer, config, err := Ask(ctx, Operating, wire.VerbInvite, invite)
	if err != nil {
		return "", err
	}
	return access.Line{URL: cmp.Or(config.Public, config.URL), Pin: config.Pin, Secret: answer.Invited}.String(), nil
}

// Operate sends a request that has no answer but that it was done.
func Operate(ctx context.Context, verb string, body any) error {
	_, _, err := Ask(ctx, Operating, verb, body)
	return err
}

// Cancel ends a run.
func Cancel(ctx context.Context, cancel wire.Cancel) error {
	_, _, err := Ask(ctx, Deciding, wire.VerbCancel, cancel)
	return err
}
