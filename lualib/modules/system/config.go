package system

import (
	"context"
	"os"

	"avescript/core/config"
	"avescript/lualib/bind"
)

// ConfigModule is ave.config: the configuration files of a lab machine.
var ConfigModule = bind.Module{
	Name: "ave.config",
	Funcs: []bind.Fn{
		bind.Func("create_default", "home, account?", configCreateDefault),
		bind.Func("create_etc", "path?, user?", configCreateEtc),
		bind.Func("load", "home, name", configLoad),
		bind.Func("load_authkeys", "home", configLoadAuthkeys),
		bind.Func("load_broker", "home", configLoadBroker),
		bind.Func("load_etc", "path?", configLoadEtc),
	},
}

func configCreateDefault(c *bind.Call) error {
	var home, account string
	if err := c.Args(&home, &account); err != nil {
		return err
	}
	created, skipped, err := config.CreateDefaultFor(home, account)
	if err != nil {
		return err
	}
	return c.Return(created, skipped)
}

// configLoadAuthkeys returns the keys by account. The key of an open account is
// json.null, because a table cannot hold nil.
func configLoadAuthkeys(c *bind.Call) error {
	var home string
	if err := c.Args(&home); err != nil {
		return err
	}
	keys, err := config.LoadAuthkeys(home)
	if err != nil {
		return err
	}
	return c.ReturnJSON(keys)
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
	return c.ReturnJSON(text)
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
	return c.ReturnJSON(broker)
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
	return c.ReturnJSON(etc)
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
	return c.ReturnJSON(etc)
}
