package syntax

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/differential"
	"avescript/lualib/mainloop"
)

const reference = "lua5.1"

// patience is for a program, which takes seconds with the race detector on a
// machine that does something else.
const patience = 5 * time.Minute

func needReference(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(reference); err != nil {
		t.Skip("lua5.1 is not installed")
	}
}

// runReference returns what lua5.1 prints for a program read from stdin.
func runReference(source string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, reference, "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(source), &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

// runCompiled returns what a program prints that Compile made.
func runCompiled(source string) (printed string, err error) { return runLoop(source, true) }

// runLoop is runCompiled with the main loop of ours or with gopher-lua's.
func runLoop(source string, own bool) (printed string, err error) {
	proto, err := Compile([]byte(source), "stdin")
	if err != nil {
		return "", err
	}
	L := lua.NewState(lua.Options{
		RegistrySize: 1024, RegistryMaxSize: 1 << 20, RegistryGrowStep: 4096, CallStackSize: 4096,
		MinimizeStackMemory: true,
	})
	defer L.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	L.SetContext(ctx)
	if own {
		loop, err := mainloop.New(L, mainloop.Hooks{Attention: new(atomic.Int32)})
		if err != nil {
			return "", err
		}
		loop.Install(L)
	}
	var out strings.Builder
	L.SetGlobal("print", L.NewFunction(func(L *lua.LState) int {
		for i := 1; i <= L.GetTop(); i++ {
			if i > 1 {
				out.WriteByte('\t')
			}
			out.WriteString(L.ToStringMeta(L.Get(i)).String())
		}
		out.WriteByte('\n')
		return 0
	}))
	L.SetGlobal("loadstring", L.NewFunction(func(L *lua.LState) int {
		proto, err := Compile([]byte(L.CheckString(1)), "string")
		if err != nil {
			L.RaiseError("%s", err.Error())
		}
		L.Push(L.NewFunctionFromProto(proto))
		return 1
	}))
	L.Push(L.NewFunctionFromProto(proto))
	err = L.PCall(0, 0, nil)
	return out.String(), err
}

// firstDifference shows the lines around where two outputs part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

// compare runs a program under both, and what shall do the same with ours.
func compare(t *testing.T, name, source, same string) {
	t.Helper()
	want, err := runReference(source)
	if err != nil {
		t.Fatalf("%s is no program: %v\n%s", name, err, source)
	}
	for _, source := range []string{source, same} {
		for _, own := range []bool{true, false} {
			got, err := runLoop(source, own)
			if err != nil {
				t.Errorf("%s (own loop: %t): %v\n%s", name, own, err, source)
			} else if got != want {
				t.Errorf("%s (own loop: %t): %s\n%s", name, own, firstDifference(got, want), source)
			}
		}
	}
}

func TestRandomProgramsBehaveAsUnderLua51(t *testing.T) {
	needReference(t)
	for seed := range int64(25) {
		compare(t, fmt.Sprintf("program %d", seed), differential.Statements(seed), differential.Gotos(seed))
		if t.Failed() {
			return
		}
	}
}
