// Package pager shows long texts on a terminal, a screen at a time.
package pager

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"golang.org/x/sys/unix"
)

// usual is the default pager: it shows colours, and ends at once if the text fits the
// screen.
const usual = "less -RF"

// Show shows a text on a terminal, with the shell command in the environment variable
// PAGER, or with less. If there is neither, or PAGER is empty, the text is just
// written.
func Show(terminal *os.File, text string) error {
	program, chosen := os.LookupEnv("PAGER")
	if _, err := exec.LookPath("less"); !chosen && err == nil && os.Getenv("TERM") != "dumb" {
		program = usual
	}
	if program == "" {
		_, err := io.WriteString(terminal, text)
		return err
	}
	// Ctrl-C is a key of the pager, and must not end this process.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	c := exec.Command("sh", "-c", program)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(text), terminal, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("cannot show the text in %q: %w; set PAGER to another program, or to nothing", program, err)
	}
	return nil
}

// Width is the number of columns of a terminal, and 80 if the file is not a terminal.
func Width(terminal *os.File) int {
	size, err := unix.IoctlGetWinsize(int(terminal.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80
	}
	return int(size.Col)
}
