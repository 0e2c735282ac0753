package control_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"

	"avescript/core/connection"
	"avescript/core/control"
)

// together sends several calls as one packet, so that the service has read the later
// ones when it answers the first.
func (r *raw) together(calls ...string) {
	r.t.Helper()
	var packet bytes.Buffer
	for _, call := range calls {
		connection.WriteFrame(&packet, []byte(call))
	}
	if _, err := r.Write(packet.Bytes()); err != nil {
		r.t.Fatal(err)
	}
}

func answerText(result string) string { return fmt.Sprintf(`{"result": %s}`, result) }

func TestAnswersToCallsThatCameTogether(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	var calls []string
	for i := range 500 {
		calls = append(calls, callText("echo", fmt.Sprintf(`["%d %0*d"]`, i, i*i%4000, 0)))
	}
	r.together(calls...)
	for i := range 500 {
		r.want(answerText(fmt.Sprintf(`"%d %0*d"`, i, i*i%4000, 0)))
	}
}

func TestAnAnswerDoesNotWaitForASlowCall(t *testing.T) {
	slow := make(chan struct{})
	s, _ := start(t, methods{
		"echo": echo,
		"slow": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { <-slow; return nil, nil }},
	}, control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.together(callText("echo", `[1]`), callText("slow", `[]`))
	r.want(answerText("1"))
	close(slow)
	r.want(answerText("null"))
}

func TestLastAnswerBeforeTheClientGoes(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	async := `{"method": "echo", "resource": null, "params": {"vargs": [2], "kwargs": {}}, "async": true}`
	r.together(callText("echo", `[1]`), async)
	r.Conn.(*net.TCPConn).CloseWrite()
	r.want(answerText("1"))
	r.want("<closed>")
}

func TestAnswersBeforeTheExit(t *testing.T) {
	var s *control.Server
	s, _ = start(t, methods{"echo": echo, "quit": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		s.Shutdown(exit("enough"))
		return nil, nil
	}}}, control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.together(callText("echo", `[1]`), callText("quit", `[]`), callText("echo", `[2]`))
	r.want(answerText("1"))
	r.want(`{"exception": {"message":"enough","type":"Exit"}}`)
	r.want("<closed>")
}
