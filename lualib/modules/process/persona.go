package process

import (
	"avescript/core/persona"
	"avescript/lualib/bind"
)

// PersonaModule is ave.persona: it changes the user of the process.
var PersonaModule = bind.Module{
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
