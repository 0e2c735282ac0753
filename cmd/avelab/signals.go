package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string { return "ended by " + endings[i.signal] }

// endings are the signals that end the program.
var endings = map[syscall.Signal]string{syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP"}

// untilSignal returns a context that ends with *[interrupted] when the program is to end,
// and a channel that is closed by the second signal. After the third one, signals end the
// program at once.
func untilSignal(parent context.Context) (ctx context.Context, again <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals, second, done := make(chan os.Signal, 3), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for n := 0; n < 2; n++ {
			select {
			case got := <-signals:
				if n == 0 {
					cancel(&interrupted{got.(syscall.Signal)})
				} else {
					close(second)
				}
			case <-done:
				return
			}
		}
		signal.Stop(signals)
	}()
	return ctx, second, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
