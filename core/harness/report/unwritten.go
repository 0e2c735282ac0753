package report

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"avescript/core/harness"
)

// unwritten is what a run could not write, for example because the disk is full.
type unwritten struct {
	things     []string
	errs       []error
	recordings int
	first      harness.Artifact // of the incomplete recordings
}

// incomplete is the error that lists it on one line.
type incomplete struct {
	text string
	errs []error
}

func (i *incomplete) Error() string   { return i.text }
func (i *incomplete) Unwrap() []error { return i.errs }

// see records what an event says about incomplete files.
func (u *unwritten) see(e harness.Event) {
	for _, a := range e.Artifacts {
		if a.Missing == "" {
			continue
		}
		if u.recordings++; u.recordings == 1 {
			u.first = a
		}
	}
}

func (u *unwritten) report(spec string, err error) {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	u.errs = append(u.errs, err)
	u.things = append(u.things, fmt.Sprintf("report %s (%v)", spec, err))
}

// err lists on one line what is incomplete. It is nil if nothing is.
func (u *unwritten) err() error {
	things := u.things
	switch a := u.first; {
	case u.recordings == 1:
		things = append(things, fmt.Sprintf("recording %s (%s)", escapeName(a.Path), escapeName(a.Missing)))
	case u.recordings > 1:
		things = append(things, fmt.Sprintf("%d recordings (%s)", u.recordings, escapeName(a.Missing)))
	}
	if things == nil {
		return nil
	}
	return &incomplete{"incomplete: " + strings.Join(things, ", "), u.errs}
}

// Close closes the files. The error lists on one line which reports, and which files
// that they refer to, are incomplete.
func (s *Set) Close() error {
	close(s.done)
	s.ticking.Wait()
	for _, r := range s.reporters {
		if t, ok := r.(*Terminal); ok {
			t.progress.clear(t.w) // the run may have been ended early
		}
	}
	for _, o := range s.outputs {
		err := o.Flush()
		if o.file != nil {
			if closed := o.file.Close(); err == nil {
				err = closed
			}
		}
		if err != nil {
			s.unwritten.report(o.spec, err)
		}
	}
	return s.unwritten.err()
}
