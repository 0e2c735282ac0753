package repl

import (
	"context"
	"slices"
	"sync"
)

// prompts are the open prompts of this process, the innermost last: code that runs at one
// prompt can open another. Only the innermost reads input, and Ctrl-C is for it.
type prompts struct {
	mu      sync.Mutex
	open    []*repl
	reading *repl
	changed chan struct{} // closed when anything of it changes
}

var turns prompts

// enter makes r the innermost prompt as soon as no other prompt is reading input.
func (p *prompts) enter(ctx context.Context, r *repl) error {
	return p.when(ctx, func() bool {
		if p.reading != nil {
			return false
		}
		p.open = append(p.open, r)
		return true
	})
}

func (p *prompts) leave(r *repl) {
	_ = p.when(context.Background(), func() bool {
		p.open = slices.DeleteFunc(p.open, func(other *repl) bool { return other == r })
		return true
	})
}

// isInnermost tells whether Ctrl-C is for r.
func (p *prompts) isInnermost(r *repl) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open) > 0 && p.open[len(p.open)-1] == r
}

// read calls fn, which reads input at r, as soon as r is the innermost prompt.
func (p *prompts) read(ctx context.Context, r *repl, fn func() (string, error)) (string, error) {
	err := p.when(ctx, func() bool {
		if p.open[len(p.open)-1] != r || p.reading != nil {
			return false
		}
		p.reading = r
		return true
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = p.when(context.Background(), func() bool { p.reading = nil; return true }) }()
	return fn()
}

// when waits until change returns true, which means that it has changed something. change
// is called under the mutex.
func (p *prompts) when(ctx context.Context, change func() bool) error {
	for {
		p.mu.Lock()
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		done := change()
		if done {
			close(p.changed)
			p.changed = nil
		}
		p.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
