package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// The bare echo returns every frame unchanged. This is the fastest possible server in
// Go with a goroutine per connection.

func serveEcho(listener net.Listener) error {
	return serveEach(listener, func(conn net.Conn) {
		defer conn.Close()
		_ = echoFrames(conn)
	})
}

func echoFrames(conn net.Conn) error {
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	var frame []byte
	for {
		var header [4]byte
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint32(header[:]))
		if size > cap(frame) {
			frame = make([]byte, size)
		}
		if _, err := io.ReadFull(in, frame[:size]); err != nil {
			return err
		}
		out.Write(header[:]) // Flush returns the errors of these writes
		out.Write(frame[:size])
		if in.Buffered() > 0 {
			continue
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}

// newEchoCaller sends what a service would receive.
func newEchoCaller(conn net.Conn, method string, payload []byte) (caller, error) {
	return newFramedCaller(conn, encodeCall(method, payload), payload)
}
