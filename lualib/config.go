package lualib

import (
	"context"
	"encoding/json"
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/config"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// configModule is ave.config: the configuration files of a lab's machine.
var configModule = bind.Module{
	Name: "ave.config",
	Funcs: []bind.Fn{
		bind.Func("create_default", "home", configCreateDefault),
		bind.Func("create_etc", "path?, user?", configCreateEtc),
		bind.Func("load", "home, name", configLoad),
		bind.Func("load_authkeys", "home", configLoadAuthkeys),
		bind.Func("load_broker", "home", configLoadBroker),
		bind.Func("load_etc", "path?", configLoadEtc),
	},
}

func configCreateDefault(c *bind.Call) error {
	var home string
	if err := c.Args(&home); err != nil {
		return err
	}
	created, skipped, err := config.CreateDefault(home)
	if err != nil {
		return err
	}
	return c.Return(created, skipped)
}

// configLoadAuthkeys returns a table of accounts. An open account's key is
// json.null, since a nil would not be there.
func configLoadAuthkeys(c *bind.Call) error {
	var home string
	if err := c.Args(&home); err != nil {
		return err
	}
	keys, err := config.LoadAuthkeys(home)
	if err != nil {
		return err
	}
	return returnJSON(c, keys)
}

func configLoad(c *bind.Call) error {
	var home, name string
	if err := c.Args(&home, &name); err != nil {
		return err
	}
	text, err := config.Load(home, name)
	if err != nil {
		return err
	}
	return returnJSON(c, text)
}

func configLoadBroker(c *bind.Call) error {
	var home string
	if err := c.Args(&home); err != nil {
		return err
	}
	broker, err := config.LoadBroker(home)
	if err != nil {
		return err
	}
	return returnJSON(c, broker)
}

func configCreateEtc(c *bind.Call) error {
	var path, user string
	if err := c.Args(&path, &user); err != nil {
		return err
	}
	var etc config.Etc
	var err error
	c.Unlocked(func(context.Context) { etc, err = config.CreateEtc(path, user, os.Stdin) })
	if err != nil {
		return err
	}
	return returnJSON(c, etc)
}

func configLoadEtc(c *bind.Call) error {
	path := config.EtcPath
	if err := c.Args(&path); err != nil {
		return err
	}
	etc, err := config.LoadEtcFrom(path)
	if err != nil {
		return err
	}
	return returnJSON(c, etc)
}

// returnJSON returns what a Go value looks like as JSON.
func returnJSON(c *bind.Call, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	value, err := codec.For(c.L).Decode(text)
	if err != nil {
		return err
	}
	if t, ok := value.(*lua.LTable); ok {
		t.Metatable = lua.LNil // an empty one prints and compares like any other
	}
	return c.Return(value)
}
