package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"avescript/core/exceptions"
	"avescript/core/pty"
)

// longestLine is the longest line that a terminal keeps, in bytes without its end. It
// discards the rest.
const longestLine = 4095

// checkInput refuses input that the terminal would truncate.
func checkInput(input *string) error {
	if input == nil {
		return nil
	}
	for line := range strings.FieldsFuncSeq(*input, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if len(line) > longestLine {
			return exceptions.TypeError.Newf("input: wanted lines of at most %d bytes, the limit of a terminal, got one of %d", longestLine, len(line))
		}
	}
	return nil
}

// startTyping types the input and its end while another goroutine reads the output. The
// channel returns one error or nil, soon after the program was interrupted.
func startTyping(p *pty.Program, input *string) (done <-chan error) {
	result := make(chan error, 1)
	if input == nil {
		close(result)
		return result
	}
	go func() { result <- typeInput(p, *input) }()
	return result
}

// typeInput ends the input as a person would: with the end-of-input key, twice if the
// last line is unfinished, because the first one then only sends the line. It is not an
// error if the program ends before it has read everything.
func typeInput(p *pty.Program, input string) error {
	ends := 1
	if input != "" && !strings.HasSuffix(input, "\n") && !strings.HasSuffix(input, "\r") {
		ends = 2
	}
	_, err := io.WriteString(p, input)
	for range ends {
		if err == nil {
			err = p.EndInput()
		}
	}
	if err == nil || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("type the command's input: %w", err)
}
