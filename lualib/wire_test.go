package lualib_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control/wiretest"
	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// interpreter has what testdata/recorded.lua returns.
type interpreter struct {
	t  *testing.T
	vm *vm.VM
	m  *lua.LTable
}

func recorded(t *testing.T) *interpreter {
	t.Helper()
	const name = "testdata/recorded.lua"
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &interpreter{t: t, vm: lualib.New(vm.Stdio{})}
	fn, err := r.vm.Load(source, name)
	if err != nil {
		t.Fatal(err)
	}
	r.do(func(L *lua.LState) { r.m = bind.Invoke(L, fn).(*lua.LTable) })
	return r
}

func (r *interpreter) do(fn func(L *lua.LState)) {
	r.t.Helper()
	if err := r.try(fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *interpreter) try(fn func(L *lua.LState)) error {
	return r.vm.Do(context.Background(), func(L *lua.LState) error {
		fn(L)
		return nil
	})
}

// call calls a function of recorded.lua.
func (r *interpreter) call(L *lua.LState, name string, args ...any) lua.LValue {
	return bind.Invoke(L, r.m.RawGetString(name), args...)
}

// startRecorded starts the service in a process of its own and connects to it.
func startRecorded(t *testing.T) net.Conn {
	r := recorded(t)
	var port, stop lua.LValue
	r.do(func(L *lua.LState) {
		L.Push(r.m.RawGetString("start"))
		L.Call(0, 2)
		port, stop = L.Get(-2), L.Get(-1)
	})
	t.Cleanup(func() { r.do(func(L *lua.LState) { bind.Invoke(L, stop) }) })
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%v", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestOldClientsTalkToServicesInLua(t *testing.T) {
	// Python's texts about arguments, and those of a service in Lua.
	texts := map[string]string{
		`{"exception": {"message": "add() takes at least 2 arguments (1 given)", "type": "TypeError", "trace": []}}`: `{"exception": {"message": "add() needs the argument 'a' (it takes a, b; 0 given)", "type": "TypeError"}}`,
	}
	for _, script := range wiretest.Transcripts() {
		t.Run(script.Name, func(t *testing.T) {
			script.Replay(t, startRecorded(t), texts)
		})
	}
}

func TestClientsInLuaTalkToOldServices(t *testing.T) {
	for _, script := range wiretest.Transcripts() {
		if !script.WellFormed() {
			continue // a client of ours sends no such things
		}
		t.Run(script.Name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var played sync.WaitGroup
			played.Go(func() { script.Play(t, l) })
			defer played.Wait()
			callRecorded(t, recorded(t), script, l.Addr().(*net.TCPAddr).Port)
		})
	}
}

func callRecorded(t *testing.T, r *interpreter, script wiretest.Transcript, port int) {
	var remote lua.LValue
	err := r.try(func(L *lua.LState) { remote = r.call(L, "connect", port, script.Key) })
	if script.Key != "" && !script.Authenticated() {
		if err == nil {
			t.Error("wanted an AuthError, got none")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.do(func(L *lua.LState) { bind.Method(L, remote.(*lua.LTable), "close") })
	for _, c := range script.Calls() {
		r.do(func(L *lua.LState) {
			if c.Async {
				r.call(L, "call_async", remote, c.Method, []byte(c.Vargs))
				return
			}
			got := r.call(L, "call", remote, c.Method, []byte(c.Vargs), []byte(c.Kwargs)).String()
			if diff := wiretest.Diff(asObject(c.Answer), got); diff != "" {
				t.Errorf("%s: got %s\nwant %s\n%s", c.Method, got, c.Answer, diff)
			}
		})
	}
}

// asObject gives an exception that is a bare text the form of the others.
func asObject(answer string) string {
	var text string
	if n, _ := fmt.Sscanf(answer, `{"exception": %q}`, &text); n == 1 {
		return fmt.Sprintf(`{"exception": {"type": "Exception", "message": %q}}`, text)
	}
	return answer
}
