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
// run to out, until it is over: see there. It ends without ending the run when in ends,
// because then nobody reads out any more.
func Submit(ctx context.Context, l *link.Link, in io.Reader, out io.Writer) error {
	words := json.NewDecoder(in)
	var s wire.Submission
	if err := words.Decode(&s); err != nil {
		return fmt.Errorf("wanted a submission as a line of JSON on standard input, got %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &lines{encoder: json.NewEncoder(out), failed: cancel}
	go listen(ctx, l, words, cancel)
	defer watch(ctx, l, w)()
	err := submit(ctx, l, s, w)
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

func submit(ctx context.Context, l *link.Link, s wire.Submission, w *lines) error {
	if err := pack(ctx, l, &s); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	if err := Send(ctx, l, s.Run, s.Jobs); err != nil {
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
func listen(ctx context.Context, l *link.Link, words *json.Decoder, end context.CancelCauseFunc) {
	for {
		var word wire.Word
		if err := words.Decode(&word); err != nil {
			end(errLeft)
			return
		}
		if word.Cancel != nil {
			go func() {
				if err := Cancel(ctx, l, *word.Cancel); err != nil && ctx.Err() == nil {
					end(fmt.Errorf("cancel the run: %w", err))
				}
			}()
		}
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
