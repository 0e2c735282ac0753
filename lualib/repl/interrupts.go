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
// all the time, so that one that comes too late doesn't end the REPL.
type interrupts chan os.Signal

func notifyInterrupts() interrupts {
	came := make(interrupts, 1)
	signal.Notify(came, syscall.SIGINT)
	return came
}

func (came interrupts) stop() { signal.Stop(came) }

// end gives a context that the next SIGINT ends. One that came before was
// meant for something else.
func (came interrupts) end(ctx context.Context) (context.Context, func()) {
	select {
	case <-came:
	default:
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-came:
			cancel(&script.Interrupted{Signal: syscall.SIGINT})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
