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

// longestLine is how many bytes of a line a terminal keeps, its end not counted.
// It throws the others away.
const longestLine = 4095

// checkInput refuses input of which the terminal would lose some.
func checkInput(input *string) error {
	if input == nil {
		return nil
	}
	for line := range strings.FieldsFuncSeq(*input, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if len(line) > longestLine {
			return exceptions.TypeError.Newf("input: wanted lines of at most %d bytes, as a terminal keeps no more of one, got one of %d", longestLine, len(line))
		}
	}
	return nil
}

// startTyping types the input and its end while somebody else reads the output.
// The channel gives one error or nil, soon after the program was interrupted.
func startTyping(p *pty.Program, input *string) (done <-chan error) {
	result := make(chan error, 1)
	if input == nil {
		close(result)
		return result
	}
	go func() { result <- typeInput(p, *input) }()
	return result
}

// typeInput ends the input as a person would: with the key for it, twice if the
// last line is unfinished, because the first then only sends the line off. That
// the program has ended before it read everything is no error.
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
