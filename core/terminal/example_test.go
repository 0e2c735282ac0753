package terminal_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"avescript/core/exceptions"
	"avescript/core/terminal"
)

// patience is how long this program waits for the other one.
const patience = 20 * time.Second

// A program asks, gets an answer, and ends.
func Example() {
	ctx := context.Background()
	s, err := terminal.Spawn([]string{"sh", "-c", `printf 'name? '; read -r name; echo "hello, $name"; exit 3`}, terminal.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if _, err := s.Expect(ctx, []terminal.Pattern{terminal.Plain("name? ")}, patience); err != nil {
		fmt.Println(err)
	}
	if err := s.Send(ctx, []byte("Ave\r"), 0, patience); err != nil {
		fmt.Println(err)
	}
	greeting, err := terminal.NewRegex(`hello, (\w+)\r`)
	if err != nil {
		fmt.Println(err)
	}
	match, err := s.Expect(ctx, []terminal.Pattern{greeting, terminal.EOF}, patience)
	fmt.Println("pattern", match.Index, "matched, with", match.Captures, err)
	status, err := s.Wait(ctx, patience)
	fmt.Println("ended with status", status, err)
	// Output:
	// pattern 0 matched, with [Ave] <nil>
	// ended with status 3 <nil>
}

// The screen as a person would see it.
func ExampleSession_ExpectScreen() {
	ctx := context.Background()
	s, err := terminal.Spawn([]string{"sh", "-c", `printf '\033[2;3Hthere\033[1;1Hhere'; read -r key`}, terminal.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	image, err := s.ExpectScreen(ctx, terminal.Plain("here"), 0, patience)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(image.Text())
	// Output:
	// here
	//   there
}

// If an expectation is not met, the error is a Timeout, or an EOF if the program has
// ended.
func ExampleSession_Expect() {
	s, err := terminal.Spawn([]string{"true"}, terminal.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	_, err = s.Expect(context.Background(), []terminal.Pattern{terminal.Plain("login: ")}, patience)
	fmt.Println(errors.Is(err, exceptions.Timeout), errors.Is(err, terminal.ErrEOF))
	// Output: false true
}
