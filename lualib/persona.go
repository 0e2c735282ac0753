package lualib

import (
	"avescript/core/persona"
	"avescript/lualib/bind"
)

// personaModule is ave.persona: who the process is.
var personaModule = bind.Module{
	Name:  "ave.persona",
	Funcs: []bind.Fn{bind.Func("become_user", "name", becomeUser)},
}

func becomeUser(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	home, err := persona.BecomeUser(name)
	if err != nil {
		return err
	}
	return c.Return(home)
}
