package repl

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"avescript/lualib/script"
)

// interrupts are the SIGINTs of a session. The terminal sends one for Ctrl-C
// while a script runs; while a line is edited Ctrl-C is a key. They are caught
// all the time, so that a late SIGINT doesn't end the REPL.
type interrupts struct {
	came  chan os.Signal
	meant func() bool // reports whether a SIGINT is for this session
}

func notifyInterrupts(meant func() bool) interrupts {
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGINT)
	return interrupts{came, meant}
}

func (i interrupts) stop() { signal.Stop(i.came) }

// end returns a context that the next SIGINT ends. An earlier SIGINT was
// meant for something else.
func (i interrupts) end(ctx context.Context) (context.Context, func()) {
	select {
	case <-i.came:
	default:
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			select {
			case <-i.came:
				if i.meant() {
					cancel(&script.Interrupted{Signal: syscall.SIGINT})
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
