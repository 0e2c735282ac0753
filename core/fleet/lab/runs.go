package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"avescript/core/columns"
	"avescript/core/fleet/client"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness/report"
)

// withRun connects in one of the roles, and finds the run that a text stands for.
func withRun(ctx context.Context, roles []string, text string, do func(l *link.Link, run string) error) error {
	l, err := Connect(ctx, roles...)
	if err != nil {
		return err
	}
	defer l.Close()
	limited, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	run, err := client.FindRun(limited, l, text)
	if err != nil {
		return err
	}
	return do(l, run)
}

// Attach shows a run, see client.Attach. Run is what client.FindRun takes.
func Attach(ctx context.Context, run string, o client.AttachOptions) error {
	if f, ok := o.Stdout.(*os.File); ok {
		o.View = report.ViewOf(f, columns.Width(f) > 0 && os.Getenv("NO_COLOR") == "")
	}
	return withRun(ctx, Reading, run, func(l *link.Link, run string) error {
		o.Run = run
		return client.Attach(ctx, l, o)
	})
}

// Log prints what was said about a run, see client.Log.
func Log(ctx context.Context, run string, o client.LogOptions, out io.Writer) error {
	return withRun(ctx, Reading, run, func(l *link.Link, run string) error {
		o.Run = run
		return client.Log(ctx, l, o, out)
	})
}

// Cancel ends a run, and returns its name.
func Cancel(ctx context.Context, text, reason string) (run string, err error) {
	err = withRun(ctx, Deciding, text, func(l *link.Link, found string) error {
		run = found
		limited, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		return client.Cancel(limited, l, wire.Cancel{Run: run, Reason: reason})
	})
	return run, err
}

// Submit submits the run that in describes, see client.Submit. Errors are written to out,
// for the program that reads it: what is returned then is client.ErrFailed.
func Submit(ctx context.Context, in io.Reader, out io.Writer) error {
	l, err := Connect(ctx, Submitting...)
	if err != nil {
		_ = json.NewEncoder(out).Encode(wire.Line{Error: err.Error()}) // whoever reads it sees the exit status, too
		return client.ErrFailed
	}
	defer l.Close()
	if client.Submit(ctx, l, in, out) != nil {
		return client.ErrFailed
	}
	return nil
}

// Hold leases what a script wants that has connected to the hub at url, or to any if that
// is "": see client.HoldAsOrdered.
func Hold(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	return client.HoldAsOrdered(ctx, in, out, func() (*link.Link, error) {
		config, err := Find(Submitting...)
		if err != nil {
			return nil, err
		}
		if url != "" && url != config.URL && url != config.Public {
			return nil, fmt.Errorf("this account is %s %s at the hub %s, and not at %s: join that one, or name the file of the account there in %s",
				config.Role, config.Name, cmp.Or(config.Public, config.URL), url, link.EnvFile)
		}
		return link.Dial(ctx, config)
	})
}
