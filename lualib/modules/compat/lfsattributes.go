package compat

import (
	"os"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
)

// attribute is a field of what lfs.attributes returns.
type attribute struct {
	name string
	of   func(s *unix.Stat_t) lua.LValue
}

func numeric[T int32 | int64 | uint32 | uint64](of func(s *unix.Stat_t) T) func(*unix.Stat_t) lua.LValue {
	return func(s *unix.Stat_t) lua.LValue { return lua.LNumber(of(s)) }
}

var attributes = []attribute{
	{"mode", func(s *unix.Stat_t) lua.LValue { return lua.LString(kindOf(s.Mode)) }},
	{"dev", numeric(func(s *unix.Stat_t) uint64 { return s.Dev })},
	{"ino", numeric(func(s *unix.Stat_t) uint64 { return s.Ino })},
	{"nlink", numeric(func(s *unix.Stat_t) uint64 { return uint64(s.Nlink) })}, //nolint:unconvert // it is smaller on arm64
	{"uid", numeric(func(s *unix.Stat_t) uint32 { return s.Uid })},
	{"gid", numeric(func(s *unix.Stat_t) uint32 { return s.Gid })},
	{"rdev", numeric(func(s *unix.Stat_t) uint64 { return s.Rdev })},
	{"access", numeric(func(s *unix.Stat_t) int64 { return s.Atim.Sec })},
	{"modification", numeric(func(s *unix.Stat_t) int64 { return s.Mtim.Sec })},
	{"change", numeric(func(s *unix.Stat_t) int64 { return s.Ctim.Sec })},
	{"size", numeric(func(s *unix.Stat_t) int64 { return s.Size })},
	{"permissions", func(s *unix.Stat_t) lua.LValue { return lua.LString(os.FileMode(s.Mode & 0o777).String()[1:]) }},
	{"blocks", numeric(func(s *unix.Stat_t) int64 { return s.Blocks })},
	{"blksize", numeric(func(s *unix.Stat_t) int64 { return int64(s.Blksize) })}, //nolint:unconvert // it is smaller on arm64
}

// kindOf is what lfs calls a kind of file.
func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "link"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFIFO:
		return "named pipe"
	case unix.S_IFCHR:
		return "char device"
	case unix.S_IFBLK:
		return "block device"
	}
	return "other"
}

func lfsAttributes(a stdlib.Args) int {
	values, _ := attributesBy(a, unix.Stat)
	return a.Push(values...)
}

// lfsSymlinkattributes is attributes of a link itself, and has where it leads as target.
func lfsSymlinkattributes(a stdlib.Args) int {
	path := a.String(1)
	if a.L.Get(2) == lua.LString("target") {
		target, err := os.Readlink(path)
		if err != nil {
			return a.PushDone(err, "could not obtain link target")
		}
		return a.Push(lua.LString(target))
	}
	values, table := attributesBy(a, unix.Lstat)
	if table != nil {
		if target, err := os.Readlink(path); err == nil {
			table.RawSetString("target", lua.LString(target))
		}
	}
	return a.Push(values...)
}

// attributesBy returns the attribute that the second argument names, or all of them in the
// table that it is, or in a new one.
func attributesBy(a stdlib.Args, stat func(path string, s *unix.Stat_t) error) (values []lua.LValue, table *lua.LTable) {
	path := a.String(1)
	var s unix.Stat_t
	if err := stat(path, &s); err != nil {
		n := a.PushDone(err, "cannot obtain information from file '"+path+"'")
		for i := range n {
			values = append(values, a.L.Get(i-n))
		}
		return values, nil
	}
	switch wanted := a.L.Get(2).(type) {
	case lua.LString, lua.LNumber:
		for _, attribute := range attributes {
			if attribute.name == wanted.String() {
				return []lua.LValue{attribute.of(&s)}, nil
			}
		}
		a.Fail("invalid attribute name '%s'", wanted.String())
	case *lua.LTable:
		table = wanted
	default:
		table = a.L.NewTable()
	}
	for _, attribute := range attributes {
		table.RawSetString(attribute.name, attribute.of(&s))
	}
	return []lua.LValue{table}, table
}
