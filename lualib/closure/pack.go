package closure

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/bytecode"
	"avescript/lualib/codec"
)

func (p *packer) table(t *lua.LTable) error {
	if done, err := p.module(t); done || err != nil || p.again(t) {
		return err
	}
	if bind.IsClass(t) {
		return p.class(t)
	}
	if part, ok := bind.Part[any](t); ok && !bind.Copying(t).Stays {
		if err := p.object(t, part); err != nil {
			return err
		}
	} else {
		p.byte(tagTable)
		if err := p.below("metatable", metatableOf(t)); err != nil {
			return err
		}
	}
	return p.entries(t, func(string, lua.LValue) bool { return true })
}

func metatableOf(t *lua.LTable) lua.LValue {
	if t.Metatable == nil {
		return lua.LNil
	}
	return t.Metatable
}

// entries packs the keys and values of a table for which wanted is true.
func (p *packer) entries(t *lua.LTable, wanted func(key string, v lua.LValue) bool) error {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, isName := k.(lua.LString)
		if bind.IsGoKey(k) || isName && !wanted(string(name), v) {
			continue
		}
		if err := p.below("a key", k); err != nil {
			return err
		}
		what := "field '" + string(name) + "'"
		if !isName {
			what = "entry " + k.String()
		}
		if err := p.below(what, v); err != nil {
			return err
		}
	}
	p.byte(tagEnd)
	return nil
}

// class packs a class that a script has made.
func (p *packer) class(t *lua.LTable) error {
	name := t.RawGetString("__name").String()
	parent := bind.ParentOf(t)
	tag := tagClass
	if _, ok := bind.Part[*exceptions.Class](t); ok {
		tag = tagExceptionClass
	}
	p.byte(tag)
	p.string(name)
	if parent == nil {
		return p.refuse("the class " + name)
	}
	if err := p.below("the parent of class "+name, parent); err != nil {
		return err
	}
	p.way = append(p.way, "class "+name)
	err := p.entries(t, func(key string, v lua.LValue) bool {
		// NewClass on the other side makes these.
		return key != "__name" && key != "super" && (key != "__index" || v != t)
	})
	p.way = p.way[:len(p.way)-1]
	return err
}

// object packs the beginning of an object with a Go part.
func (p *packer) object(t *lua.LTable, part any) error {
	copying := bind.Copying(t)
	if copying.Pack == nil {
		return p.refuse(bind.Describe(t))
	}
	data, fd, err := copying.Pack(part)
	if err != nil {
		return p.refuse(bind.Describe(t) + ", " + err.Error() + ",")
	}
	if fd >= 0 {
		p.inherit(fd)
	}
	p.byte(tagObject)
	if err := p.below("class", t.Metatable); err != nil {
		return err
	}
	p.string(string(data))
	p.uint(uint64(fd + 1))
	return nil
}

func (p *packer) function(fn *lua.LFunction) error {
	if done, err := p.module(fn); done || err != nil || p.again(fn) {
		return err
	}
	if fn.Proto == nil {
		return p.refuse("a Go function that is not in a module")
	}
	where := fmt.Sprintf("function at %s:%d", fn.Proto.SourceName, fn.Proto.LineDefined)
	chunk, path, ok := p.vm.Origin(fn.Proto)
	if !ok {
		return p.refuse("a " + where + " without known source")
	}
	if !p.extendsGlobals(fn.Env) {
		return p.refuse("a " + where + " with an environment of its own")
	}
	p.byte(tagFunction)
	if id, ok := p.chunks[chunk]; ok {
		p.uint(id)
	} else {
		p.chunks[chunk] = uint64(len(p.chunks))
		p.uint(p.chunks[chunk])
		p.string(chunk.Name)
		p.string(string(chunk.Source))
	}
	p.uint(uint64(len(path)))
	for _, i := range path {
		p.uint(uint64(i))
	}
	p.nameGlobals(fn.Env, fn.Proto)
	for i, cell := range fn.Upvalues {
		if p.again(cell) {
			continue
		}
		p.byte(tagCell)
		what := fmt.Sprintf("upvalue '%s' of the %s", fn.Proto.DbgUpvalues[i], where)
		if err := p.below(what, cell.Value()); err != nil {
			return err
		}
	}
	return nil
}

// extendsGlobals reports whether an environment is the global one, or looks up
// missing names there, as that of a test file does. On the other side all functions
// have the global one.
func (p *packer) extendsGlobals(env *lua.LTable) bool {
	for env != nil && env != p.vm.Globals() {
		env = around(env)
	}
	return env != nil
}

// around returns where an environment looks up missing names, or nil.
func around(env *lua.LTable) *lua.LTable {
	meta, _ := env.Metatable.(*lua.LTable)
	if meta == nil {
		return nil
	}
	next, _ := meta.RawGetString("__index").(*lua.LTable)
	return next
}

// nameGlobals records the globals that a function, or a function in it, reads.
func (p *packer) nameGlobals(env *lua.LTable, proto *lua.FunctionProto) {
	for _, inst := range proto.Code {
		if bytecode.Op(inst) != lua.OP_GETGLOBAL {
			continue
		}
		name := proto.Constants[bytecode.Bx(inst)].String()
		if !p.globals[name] {
			p.globals[name] = true
			p.pending = append(p.pending, global{env, name})
		}
	}
	for _, inner := range proto.FunctionPrototypes {
		p.nameGlobals(env, inner)
	}
}

func (p *packer) userdata(ud *lua.LUserData) error {
	switch v := ud.Value.(type) {
	case codec.Number:
		p.byte(tagExact)
		p.string(string(v))
		return nil
	}
	if codec.IsNull(ud) {
		p.byte(tagNull)
		return nil
	}
	if done, err := p.module(ud); done || err != nil {
		return err
	}
	what := p.L.ToStringMeta(ud).String()
	return p.refuse("the userdata " + what)
}
