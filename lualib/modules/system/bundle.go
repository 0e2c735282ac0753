package system

import (
	"context"
	"path/filepath"

	"avescript/core/bundle"
	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/core/suggest"
	"avescript/lualib/bind"
)

// BundleModule is ave.bundle: the files that are in this program beside the script.
var BundleModule = bind.Module{
	Name: "ave.bundle",
	Funcs: []bind.Fn{
		bind.Func("list", "", bundleList),
		bind.Func("read", "name", bundleRead),
	},
}

// bundleList is list().
func bundleList(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	b, err := bundle.Self()
	if b == nil || err != nil {
		return c.ReturnJSON([]string{})
	}
	return c.ReturnJSON(b.Files())
}

// bundleRead is read(name).
func bundleRead(c *bind.Call) error {
	var content []byte
	err := onPath(c, func(ctx context.Context, name string) error {
		b, err := bundle.Self()
		if err != nil {
			return err
		}
		if b == nil {
			content, err = files.Read(ctx, name, 0)
			return err
		}
		file, known, err := b.File(filepath.Clean(name))
		if err == nil && !known {
			err = exceptions.Exception.Newf("there is no file %q in this program%s", name, among(name, b.Files()))
		}
		content = file
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(content)
}

func among(name string, names []string) string {
	if len(names) == 0 {
		return ": avescript bundle was called without --file"
	}
	return suggest.Among(name, names)
}
