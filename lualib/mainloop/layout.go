package mainloop

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// The types of gopher-lua whose fields are not exported, as the loop sees them. A
// field has the name, the size and the place that it has there: checkLayouts
// compares them when the first interpreter is made.

// state is lua.LState.
type state struct {
	G       *global
	Parent  *lua.LState
	Env     *lua.LTable
	Panic   func(*lua.LState)
	Dead    bool
	Options lua.Options

	stop         int32
	reg          *registry
	stack        frameStackValue
	alloc        unsafe.Pointer
	currentFrame *frame
	wrapped      bool
	uvcache      *upvalue
	hasErrorFunc bool
	mainLoop     func(*lua.LState, *frame)
	ctx          context.Context
	ctxCancelFn  context.CancelFunc
}

// frameStackValue is an interface value that holds a *frameStack.
type frameStackValue struct {
	itab   unsafe.Pointer
	frames *frameStack
}

// global is lua.Global.
type global struct {
	MainThread    *lua.LState
	CurrentThread *lua.LState
	Registry      *lua.LTable
	Global        *lua.LTable

	builtinMts map[int]lua.LValue
}

// registry has the registers of all calls of a thread, and what Go functions have
// pushed.
type registry struct {
	array   []lua.LValue
	top     int
	growBy  int
	maxSize int
}

// frame is a call. Base is the register of the called value; its arguments follow.
// LocalBase is the first register of the function, behind the arguments if it has a
// variable number of them.
type frame struct {
	Idx        int
	Fn         *lua.LFunction
	Parent     *frame
	Pc         int
	Base       int
	LocalBase  int
	ReturnBase int
	NArgs      int
	NRet       int
	TailCall   int
}

// frameStack is the growing stack of frames, in segments.
type frameStack struct {
	segments []*segment
	segIdx   uint16
	segSp    uint8 // the number of frames in the current segment
}

const segmentSize = 8

type segment struct{ array [segmentSize]frame }

// upvalue is lua.Upvalue. The open ones of a thread are a list, ordered by index.
type upvalue struct {
	next   *upvalue
	reg    *registry
	index  int
	value  lua.LValue
	closed bool
}

// table is lua.LTable. Each key of strdict and dict is in keys, in the order of
// traversal, and k2i has its place.
type table struct {
	Metatable lua.LValue

	array   []lua.LValue
	dict    map[lua.LValue]lua.LValue
	strdict map[string]lua.LValue
	keys    []lua.LValue
	k2i     map[lua.LValue]int
}

func stateOf(L *lua.LState) *state      { return (*state)(unsafe.Pointer(L)) }
func tableOf(t *lua.LTable) *table      { return (*table)(unsafe.Pointer(t)) }
func upvalueOf(u *lua.Upvalue) *upvalue { return (*upvalue)(unsafe.Pointer(u)) }

var layouts struct {
	once sync.Once
	err  error
}

// checkLayouts compares the types above with those of the gopher-lua that is linked
// in. L is any state with a growing stack.
func checkLayouts(L *lua.LState) error {
	layouts.once.Do(func() { layouts.err = compareLayouts(L) })
	return layouts.err
}

func compareLayouts(L *lua.LState) error {
	original := reflect.TypeFor[lua.LState]()
	regs, _ := original.FieldByName("reg")
	current, _ := original.FieldByName("currentFrame")
	pairs := []struct {
		ours, theirs reflect.Type
		prefix       bool // only the first fields are the same
	}{
		{reflect.TypeFor[state](), original, false},
		{reflect.TypeFor[global](), reflect.TypeFor[lua.Global](), true},
		{reflect.TypeFor[registry](), pointee(regs.Type), true},
		{reflect.TypeFor[frame](), pointee(current.Type), false},
		{reflect.TypeFor[upvalue](), reflect.TypeFor[lua.Upvalue](), false},
		{reflect.TypeFor[table](), reflect.TypeFor[lua.LTable](), false},
	}
	for _, p := range pairs {
		if err := compare(p.ours, p.theirs, p.prefix); err != nil {
			return err
		}
	}
	stack := reflect.ValueOf(L).Elem().FieldByName("stack").Elem().Type()
	if stack.Kind() != reflect.Pointer {
		return fmt.Errorf("gopher-lua's call stack is a %s, not a pointer", stack)
	}
	if err := compare(reflect.TypeFor[frameStack](), stack.Elem(), false); err != nil {
		return err
	}
	segments := stack.Elem().Field(0).Type
	return compare(reflect.TypeFor[segment](), pointee(segments.Elem()), false)
}

func pointee(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Pointer {
		return reflect.TypeFor[struct{}]()
	}
	return t.Elem()
}

func compare(ours, theirs reflect.Type, prefix bool) error {
	if theirs.Kind() != reflect.Struct || theirs.NumField() < ours.NumField() || !prefix && theirs.Size() != ours.Size() {
		return fmt.Errorf("gopher-lua's %s is not the one that the main loop was written for", theirs)
	}
	for i := range ours.NumField() {
		a, b := ours.Field(i), theirs.Field(i)
		if a.Name != b.Name || a.Offset != b.Offset || a.Type.Size() != b.Type.Size() || !alike(a.Type, b.Type) {
			return fmt.Errorf("gopher-lua's %s.%s is not the field that the main loop was written for", theirs, b.Name)
		}
	}
	return nil
}

// alike reports whether two types hold the same: they are of one kind, or ours
// stands for a pointer or an interface.
func alike(ours, theirs reflect.Type) bool {
	switch ours.Kind() {
	case theirs.Kind():
		return ours.Kind() != reflect.Array || ours.Len() == theirs.Len()
	case reflect.UnsafePointer:
		return theirs.Kind() == reflect.Pointer
	}
	return ours == reflect.TypeFor[frameStackValue]() && theirs.Kind() == reflect.Interface
}
