package script

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Interrupted is why a script has ended that a signal has ended.
type Interrupted struct {
	Signal syscall.Signal
}

func (e *Interrupted) Error() string {
	if e.Signal == syscall.SIGINT {
		return "interrupted"
	}
	return e.Signal.String()
}

// grace is how long a script has to come to its end after a signal. Lua code
// ends at once; what takes time is a Go function that ends child processes, or
// one that cannot be woken, such as a read from a file on a dead server.
const grace = 3 * time.Second

// Notify returns a context that ends with *[Interrupted] as its cause when one
// of the signals comes. When another one follows, or when grace has passed
// and stop was not called, exit is called with the signal. A signal that was
// ignored when the program began, as under nohup, stays ignored.
func Notify(ctx context.Context, exit func(syscall.Signal), signals ...syscall.Signal) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	came := make(chan os.Signal, 2)
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(came, s)
		}
	}
	stopped := make(chan struct{})
	go func() {
		var first syscall.Signal
		select {
		case s := <-came:
			first = s.(syscall.Signal)
			cancel(&Interrupted{first})
		case <-stopped:
			return
		}
		select {
		case s := <-came:
			exit(s.(syscall.Signal))
		case <-time.After(grace):
			exit(first)
		case <-stopped:
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(stopped)
		cancel(context.Canceled)
	}
}
