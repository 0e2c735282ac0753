package main

import (
	"bytes"
	"fmt"
	"math"
	"net"

	"avescript/core/connection"
)

// framedCaller makes calls that are frames: those of avescript's services and of the
// bare echo.
type framedCaller struct {
	conn    net.Conn
	answers *connection.FrameReader
	call    []byte
	written []byte // as many calls as were last requested
	payload []byte // must be returned
	size    int    // of an answer, once one was read
}

func newFramedCaller(conn net.Conn, call, payload []byte) (caller, error) {
	var frame bytes.Buffer
	if err := connection.WriteFrame(&frame, call); err != nil {
		return nil, err
	}
	answers := connection.NewFrameReader(conn, math.MaxInt32)
	return &framedCaller{conn: conn, answers: answers, call: frame.Bytes(), payload: payload}, nil
}

func (c *framedCaller) calls(n int) error {
	if len(c.written) != n*len(c.call) {
		c.written = bytes.Repeat(c.call, n)
	}
	if _, err := c.conn.Write(c.written); err != nil {
		return err
	}
	for range n {
		answer, err := c.answers.Next()
		if err != nil {
			return err
		}
		if err := c.check(answer); err != nil {
			return err
		}
	}
	return nil
}

// check looks for the payload in the first answer, and expects all others to have the
// same length.
func (c *framedCaller) check(answer []byte) error {
	switch {
	case c.size == 0 && bytes.Contains(answer, c.payload):
		c.size = len(answer)
	case len(answer) != c.size:
		return fmt.Errorf("wanted an answer with the payload, got %.200q", answer)
	}
	return nil
}

func (c *framedCaller) Close() error { return c.conn.Close() }
