package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// mostPart is how many bytes of jobs are submitted at once: a message has a limit.
const mostPart = 256 << 10

// Submit reads a [wire.Submission] from in, submits it, and writes what is said about the
// run to out, until it is over, and also why it fails: see there. It ends without ending the run when in ends,
// because then nobody reads out any more.
func Submit(ctx context.Context, l *link.Link, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &lines{encoder: json.NewEncoder(out), failed: cancel}
	words := json.NewDecoder(in)
	var s wire.Submission
	if err := words.Decode(&s); err != nil {
		err = fmt.Errorf("wanted a submission as a line of JSON on standard input, got %w", err)
		w.write(wire.Line{Error: err.Error()})
		return err
	}
	sending := newSending(ctx)
	go listen(ctx, l, words, sending, cancel)
	defer watch(ctx, l, w)()
	err := submit(ctx, l, s, sending, w)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errLeft):
		return nil
	case err != nil:
		line := wire.Line{Error: err.Error()}
		if refusal, ok := errors.AsType[*link.Refusal](err); ok {
			line.Code = refusal.Code
		}
		w.write(line)
	}
	return err
}

// errLeft means that whoever has submitted the run does not follow it any more.
var errLeft = errors.New("the submitter has left")

// sending is the time in which a run is submitted. A run that is cancelled in this time may
// be known to the hub or not, depending on how far that is.
type sending struct {
	context.Context
	stop  context.CancelCauseFunc
	over  chan struct{}
	known chan struct{} // closed when the hub has cancelled the run
	once  sync.Once
}

// cancelled says that the hub has cancelled the run.
func (s *sending) cancelled() { s.once.Do(func() { close(s.known) }) }

func newSending(ctx context.Context) *sending {
	s := &sending{over: make(chan struct{}), known: make(chan struct{})}
	s.Context, s.stop = context.WithCancelCause(ctx)
	return s
}

// send sends the code and the jobs. There is no error if the run is known to the hub.
func (s *sending) send(ctx context.Context, l *link.Link, sub *wire.Submission) error {
	err := pack(s, l, sub)
	if err == nil {
		err = Send(s, l, sub.Run, sub.Jobs)
	}
	early := errors.Is(context.Cause(s), errEarly)
	s.stop(nil)
	close(s.over)
	if err == nil || !early {
		return err
	}
	select { // it is being cancelled
	case <-s.known:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func submit(ctx context.Context, l *link.Link, s wire.Submission, sending *sending, w *lines) error {
	if err := sending.send(ctx, l, &s); err != nil {
		return err
	}
	downloads := &downloader{link: l, dir: s.Artifacts}
	repair := &repairer{link: l, submission: s, busy: make(chan struct{}, 1)}
	defer repair.wait()
	return Follow(ctx, l, s.Run.ID, func(t Told) bool {
		if t.Output != nil {
			if kept := downloads.get(ctx, *t.Output); len(kept) > 0 {
				w.write(wire.Line{Kept: kept})
			}
			w.write(wire.Line{Output: t.Output})
		}
		for i, n := range t.Notes {
			w.write(wire.Line{Note: &t.Notes[i]})
			if n.Outcome != nil && n.Outcome.Missing != "" {
				repair.send(ctx)
			}
			if n.Kind == wire.NoteOver || s.Detach && n.Kind == wire.NoteSubmitted {
				return false
			}
		}
		return true
	})
}

// Send submits a run in parts, which are sent again until they are answered.
func Send(ctx context.Context, l *link.Link, run wire.Run, jobs []wire.Job) error {
	for first := 0; ; {
		n, size := 0, 0
		for ; first+n < len(jobs); n++ {
			text, err := json.Marshal(jobs[first+n])
			if err != nil {
				return err
			}
			if size += len(text) + 1; size > mostPart && n > 0 {
				break
			}
		}
		part := wire.Submit{Run: run, First: first, Jobs: jobs[first : first+n], Last: first+n == len(jobs)}
		if _, err := l.Request(ctx, wire.VerbSubmit, part); err != nil {
			return err
		}
		if first += n; part.Last {
			return nil
		}
	}
}

// listen does what the submitter says. Its end is the end of ctx.
func listen(ctx context.Context, l *link.Link, words *json.Decoder, sending *sending, end context.CancelCauseFunc) {
	for {
		var word wire.Word
		if err := words.Decode(&word); err != nil {
			end(errLeft)
			return
		}
		if word.Cancel != nil {
			sending.stop(errEarly)
			go cancelRun(ctx, l, *word.Cancel, sending, end)
		}
	}
}

// errEarly means that a run was cancelled before the hub knew it.
var errEarly = errors.New("the run was cancelled before it was submitted")

func cancelRun(ctx context.Context, l *link.Link, c wire.Cancel, sending *sending, end context.CancelCauseFunc) {
	<-sending.over
	err := Cancel(ctx, l, c)
	refusal, refused := errors.AsType[*link.Refusal](err)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		sending.cancelled()
	case refused && refusal.Code == wire.CodeUnknown:
		end(errEarly)
	default:
		end(fmt.Errorf("cancel the run: %w", err))
	}
}

// lines writes lines of JSON, by several goroutines.
type lines struct {
	mu      sync.Mutex
	encoder *json.Encoder
	failed  context.CancelCauseFunc
}

func (w *lines) write(line wire.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.encoder.Encode(line) != nil {
		w.failed(errLeft)
	}
}
