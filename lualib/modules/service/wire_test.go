package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/luatest"
	"avescript/internal/wiretest"
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
	r := &interpreter{t: t, vm: luatest.New(t)}
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
		`{"exception": {"message": "add() takes at least 2 arguments (1 given)", "type": "TypeError", "trace": []}}`: `{"exception": {"message": "add() needs the argument 'a' (it takes a, b; 0 given); the service can make it optional: Control.rpc(method, { a = default })", "type": "TypeError"}}`,
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
			r := recorded(t)
			callRecorded(t, r, script, script.Play(t).(*net.TCPAddr).Port)
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
			if refusal.MatchString(c.Answer) {
				checkRefusal(t, c, got)
				return
			}
			if diff := wiretest.Diff(asObject(c.Answer), got); diff != "" {
				t.Errorf("%s: got %s\nwant %s\n%s", c.Method, got, c.Answer, diff)
			}
		})
	}
}

// refusal is how old services say that a key does not open a method.
var refusal = regexp.MustCompile(`^{"exception": "(not auth[a-z]+ to make this call)"}$`)

// checkRefusal wants the client to say more than the service has.
func checkRefusal(t *testing.T, c wiretest.Call, got string) {
	t.Helper()
	said := refusal.FindStringSubmatch(c.Answer)[1]
	var answer struct {
		Exception struct{ Type, Message, Method string }
	}
	err := json.Unmarshal([]byte(got), &answer)
	e := answer.Exception
	if err != nil || e.Type != "AuthError" || e.Method != c.Method || !strings.HasPrefix(e.Message, said+": ") {
		t.Errorf("%s: got %s, %v\nwant an AuthError with the method and a message that begins with %q", c.Method, got, err, said)
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
