// Package lua51 asks lua5.1 for its results, many times per second.
package lua51

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"
	"time"
)

const program = "lua5.1"

// patience is how long an answer may take. A pattern that backtracks may take any time.
const patience = time.Second

// ErrSlow is the error for a question that took too long.
var ErrSlow = errors.New("lua5.1 gave no answer in time")

// loop calls handle with the strings of each question, and writes the string that it
// returns.
const loop = `
while true do
	local header = io.read("*l")
	if not header then return end
	local strings = {}
	for size in header:gmatch("%d+") do
		strings[#strings + 1] = size == "0" and "" or io.read(tonumber(size))
	end
	local answer = handle(unpack(strings))
	io.write(#answer, "\n", answer)
	io.flush()
end
`

// Process is a lua5.1 process, for one goroutine.
type Process struct {
	source string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

// Start starts a process that answers questions with a function, given as Lua source.
// The function takes strings and returns one. If lua5.1 is not installed, it returns
// nil.
func Start(t testing.TB, function string) *Process {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		return nil
	}
	p := &Process{source: "local handle = " + function + loop}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

func (p *Process) start() (err error) {
	p.cmd = exec.Command(program, "-e", p.source)
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewReader(out)
	return p.cmd.Start()
}

func (p *Process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Ask returns the answer to a question.
func (p *Process) Ask(question ...string) (string, error) {
	stuck := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	answer, err := p.ask(question)
	if stuck.Stop() {
		return answer, err
	}
	p.stop()
	return "", errors.Join(ErrSlow, p.start())
}

func (p *Process) ask(question []string) (string, error) {
	var message []byte
	for _, text := range question {
		message = fmt.Appendf(message, "%d ", len(text))
	}
	message = append(message, '\n')
	for _, text := range question {
		message = append(message, text...)
	}
	if _, err := p.in.Write(message); err != nil {
		return "", err
	}
	size := 0
	if _, err := fmt.Fscanf(p.out, "%d\n", &size); err != nil {
		return "", err
	}
	answer := make([]byte, size)
	_, err := io.ReadFull(p.out, answer)
	return string(answer), err
}
