// Package client is the side of somebody who uses a fleet: it submits runs with their code,
// follows what they say, cancels them, and holds equipment.
//
// A run lives at the hub, and not in the process that has submitted it. What is said about
// it is in one stream, in order, and is kept for some time. [Follow] reads it from the
// beginning and goes on as it grows; each message has a number there, so a connection that
// was lost leaves no gap, and nothing comes twice. So whoever follows may leave and come
// back: a submitter is nothing but somebody who follows from the beginning.
//
// Code goes to the hub by content: see package parcel. What is there already is not sent
// again.
package client

import (
	"context"
	"errors"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// Cancel ends a run: its jobs are stopped, with their teardown, and others do not start.
func Cancel(ctx context.Context, l *link.Link, c wire.Cancel) error {
	_, err := l.Request(ctx, wire.VerbCancel, c)
	return err
}

// Lab is the view of the whole lab.
func Lab(ctx context.Context, l *link.Link) (*wire.Lab, error) {
	answer, err := l.Request(ctx, wire.VerbLab, nil)
	if err != nil {
		return nil, err
	}
	if answer.Lab == nil {
		return nil, errors.New("the hub has answered without a view of the lab: it is another version")
	}
	return answer.Lab, nil
}

// FindRun is the ID of the run that a text stands for: an ID, the end of one that is the
// only such, or "" for the last run of this user.
func FindRun(ctx context.Context, l *link.Link, text string) (string, error) {
	lab, err := Lab(ctx, l)
	if err != nil {
		return "", err
	}
	return findRun(lab.Runs, text, l.Config.Name)
}
