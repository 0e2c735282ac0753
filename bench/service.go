package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"net"
	"os/exec"

	"avescript/core/connection"
)

//go:embed service.lua
var serviceScript string

// longestGreeting is the limit for frames of a handshake.
const longestGreeting = 256

// servicePeer is a service in Lua.
func servicePeer(b *built) *peer {
	return &peer{
		name:    "avescript",
		command: func() (*exec.Cmd, error) { return b.script("service.lua", serviceScript) },
		connect: dialService,
		caller: func(conn net.Conn, method string, payload []byte) (caller, error) {
			return newFramedCaller(conn, encodeCall(method, payload), payload)
		},
	}
}

// encodeCall encodes a call like RemoteControl. The text must not need escapes.
func encodeCall(method string, text []byte) []byte {
	return fmt.Appendf(nil, `{"method": "%s", "resource": null, "params": {"vargs": ["%s"], "kwargs": {}}, "async": false}`,
		method, text)
}

// dialService connects to a service without a key.
func dialService(address string) (net.Conn, error) {
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	if err := shakeHands(conn, ""); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func shakeHands(conn net.Conn, key string) error {
	// Exact, because the connection is used directly afterwards.
	frames := connection.NewFrameReader(conn, longestGreeting)
	frames.Exact = true
	challenge, err := frames.Next()
	if err != nil {
		return err
	}
	salt, ok := bytes.CutPrefix(challenge, []byte("#CHALLENGE#"))
	if !ok {
		return fmt.Errorf("wanted a challenge, got %q", challenge)
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(salt)
	if err := connection.WriteFrame(conn, mac.Sum(nil)); err != nil {
		return err
	}
	answer, err := frames.Next()
	if err == nil && string(answer) != `{"authenticated": true}` {
		err = fmt.Errorf("wanted to be let in, got %q", answer)
	}
	return err
}
