package broker

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/profile"
	"avescript/lualib/bind"
	"avescript/lualib/modules/data"
)

// profileIndexClass is the class of host.index: profiles, indexed by what they
// match. Places count from 1.
var profileIndexClass = bind.Class{
	Name: "ProfileIndex",
	Init: bind.MadeBy("ProfileIndex", "ave.broker.host.index"),
	Methods: []bind.Fn{
		bind.Func("add", "profile", profileIndexAdd),
		bind.Func("find", "profile", profileIndexFind),
		bind.Func("wants", "", profileIndexWants),
	},
}

// wantsClass is the class of the results of ProfileIndex:wants: for each piece, who
// wants it, as any Lua value.
var wantsClass = bind.Class{
	Name: "Wants",
	Init: bind.MadeBy("Wants", "ProfileIndex:wants"),
	Methods: []bind.Fn{
		bind.Func("add", "profile, by", wantsAdd),
		bind.Func("remove", "profile", wantsRemove),
		bind.Func("served_by", "profile", wantsServedBy),
	},
}

func hostIndex(c *bind.Call) error {
	return c.Return(bind.New(c.L, &profileIndexClass, &profile.Index{}))
}

// withProfile unpacks the first argument of a method, and returns it with the Go
// part of the object.
func withProfile[T any](c *bind.Call) (part T, p profile.Profile, err error) {
	if part, err = bind.Self[T](c); err != nil {
		return part, p, err
	}
	if p, err = data.ToProfile(c.L, c.Arg(1)); err != nil {
		return part, p, exceptions.TypeError.Newf("argument 'profile': %w", err)
	}
	return part, p, nil
}

func profileIndexAdd(c *bind.Call) error {
	index, p, err := withProfile[*profile.Index](c)
	if err != nil {
		return err
	}
	return c.Return(index.Add(p) + 1)
}

func profileIndexFind(c *bind.Call) error {
	index, p, err := withProfile[*profile.Index](c)
	if err != nil {
		return err
	}
	places := index.Find(p)
	list := c.L.CreateTable(len(places), 0)
	for i, place := range places {
		list.RawSetInt(i+1, lua.LNumber(place+1))
	}
	return c.Return(list)
}

func profileIndexWants(c *bind.Call) error {
	index, err := bind.Self[*profile.Index](c)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &wantsClass, profile.NewWants[lua.LValue](index)))
}

func wantsAdd(c *bind.Call) error {
	wants, p, err := withProfile[*profile.Wants[lua.LValue]](c)
	if err != nil {
		return err
	}
	wants.Add(p, c.Arg(2))
	return nil
}

func wantsRemove(c *bind.Call) error {
	wants, p, err := withProfile[*profile.Wants[lua.LValue]](c)
	if err != nil {
		return err
	}
	wants.Remove(p)
	return nil
}

func wantsServedBy(c *bind.Call) error {
	wants, p, err := withProfile[*profile.Wants[lua.LValue]](c)
	if err != nil {
		return err
	}
	list := c.L.NewTable()
	for _, by := range wants.ServedBy(p) {
		list.Append(by)
	}
	return c.Return(list)
}
