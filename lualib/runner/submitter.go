package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"avescript/core/fleet/wire"
)

// submitter is the program that talks to the hub: this one does not link what is needed for
// that. It is a process group of its own, because Ctrl-C is for this process, which tells it
// what to do. It ends when its standard input does, so it does not outlive this process.
type submitter struct {
	command *exec.Cmd
	in      io.WriteCloser
	words   *json.Encoder
	lines   chan wire.Line // closed at the end
	over    chan struct{}  // nobody reads lines any more
	ended   chan struct{}
	err     error // of reading; for who has seen that lines is closed
}

// start starts the submitter and tells it what to submit.
func (f *fleetRun) start() (*submitter, error) {
	command, err := f.Fleet.Submit()
	if err != nil {
		return nil, err
	}
	s := &submitter{command: command, lines: make(chan wire.Line), over: make(chan struct{}), ended: make(chan struct{})}
	if s.in, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = f.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start avelab: %w", err)
	}
	go s.read(out)
	s.words = json.NewEncoder(s.in)
	if err := s.words.Encode(f.sent); err != nil && !errors.Is(err, syscall.EPIPE) { // it says why it has ended
		s.end()
		return nil, fmt.Errorf("tell avelab what to submit: %w", err)
	}
	return s, nil
}

func (s *submitter) read(out io.Reader) {
	defer close(s.ended)
	defer close(s.lines)
	for decoder := json.NewDecoder(out); ; {
		var line wire.Line
		if err := decoder.Decode(&line); err != nil {
			if !errors.Is(err, io.EOF) {
				s.err = err
			}
			return
		}
		select {
		case s.lines <- line:
		case <-s.over:
			return
		}
	}
}

func (s *submitter) cancel(c wire.Cancel) { _ = s.words.Encode(wire.Word{Cancel: &c}) }

// failed returns why the submitter has ended without saying so.
func (s *submitter) failed() error {
	<-s.ended
	err := errors.Join(s.err, s.command.Wait())
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("avelab has ended: %w: if the run was submitted, it goes on; 'avescript lab attach' shows it", err)
}

// end ends the submitter, and not the run.
func (s *submitter) end() {
	close(s.over)
	_ = s.in.Close()
	_ = s.command.Process.Kill()
	<-s.ended
	_ = s.command.Wait()
}
