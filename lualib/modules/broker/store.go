package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/files"
	"avescript/core/store"
	"avescript/lualib/bind"
)

// storeClass is the class of host.open_store: the records that survive the broker.
// A record is a list of its bucket, its key and its text; the text is nil to remove
// it.
var storeClass = bind.Class{
	Name: "Store",
	Init: bind.MadeBy("Store", "ave.broker.host.open_store"),
	Methods: []bind.Fn{
		bind.Func("close", "", storeClose),
		bind.Func("commit", "records", storeCommit),
		bind.Func("records", "", storeRecords),
		bind.Func("stored", "records", storeStored),
		bind.Func("undo", "", storeUndo),
	},
}

// hostOpenStore opens a store. If content is given, the store has that content. It
// keeps the interpreter's lock, because nothing may change before the store is
// open.
func hostOpenStore(c *bind.Call) error {
	var path string
	var content *lua.LTable
	if err := c.Args(&path, &content); err != nil {
		return err
	}
	var records []store.Record
	if content != nil {
		records = append([]store.Record{}, toRecords(content)...)
	}
	opened, err := store.Open(path, records)
	if err != nil {
		return asDamaged(err)
	}
	return c.Return(bind.New(c.L, &storeClass, opened))
}

// asDamaged adds what to do about a damaged file.
func asDamaged(err error) error {
	var damaged *store.DamagedError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%s is not the state of a broker: %w; if you remove the file, the broker starts with nothing leased", damaged.Path, damaged.Err)
	}
	return err
}

func toRecords(list *lua.LTable) (records []store.Record) {
	for i := 1; i <= list.Len(); i++ {
		entry := list.RawGetInt(i).(*lua.LTable)
		r := store.Record{Bucket: entry.RawGetInt(1).String(), Key: entry.RawGetInt(2).String()}
		if text, ok := entry.RawGetInt(3).(lua.LString); ok {
			r.Value = []byte(text)
		}
		records = append(records, r)
	}
	return records
}

func fromRecords(L *lua.LState, records []store.Record) *lua.LTable {
	list := L.CreateTable(len(records), 0)
	for _, r := range records {
		entry := L.CreateTable(3, 0)
		entry.RawSetInt(1, lua.LString(r.Bucket))
		entry.RawSetInt(2, lua.LString(r.Key))
		if r.Value != nil {
			entry.RawSetInt(3, lua.LString(r.Value))
		}
		list.Append(entry)
	}
	return list
}

// storeCommit submits records and waits until they are on the disk. The wait cannot
// be interrupted.
func storeCommit(c *bind.Call) error {
	s, err := bind.Self[*store.Store](c)
	if err != nil {
		return err
	}
	var list *lua.LTable
	if err := c.Args(&list); err != nil {
		return err
	}
	commit := s.Submit(toRecords(list)) // under the lock, so that records are submitted in the order of the changes
	c.Unlocked(func(context.Context) { err = commit.Wait() })
	return err
}

func storeUndo(c *bind.Call) error {
	s, err := bind.Self[*store.Store](c)
	if err != nil {
		return err
	}
	return c.Return(fromRecords(c.L, s.Undo()))
}

// storeStored returns what the disk has of records that were not submitted.
func storeStored(c *bind.Call) error {
	s, err := bind.Self[*store.Store](c)
	if err != nil {
		return err
	}
	var list *lua.LTable
	if err := c.Args(&list); err != nil {
		return err
	}
	return c.Return(fromRecords(c.L, s.Stored(toRecords(list))))
}

func storeRecords(c *bind.Call) error {
	s, err := bind.Self[*store.Store](c)
	if err != nil {
		return err
	}
	var records []store.Record
	err = s.Records(func(r store.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		return asDamaged(err)
	}
	return c.Return(fromRecords(c.L, records))
}

func storeClose(c *bind.Call) error {
	s, err := bind.Self[*store.Store](c)
	if err != nil {
		return err
	}
	c.Unlocked(func(context.Context) { err = s.Close() })
	return err
}

// hostRename renames a file, and makes sure that this is on the disk.
func hostRename(c *bind.Call) error {
	var from, to string
	if err := c.Args(&from, &to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return files.SyncDirectory(filepath.Dir(to))
}

// hostKeep gives a file a second name, so that it still exists when another file
// takes its first name.
func hostKeep(c *bind.Call) error {
	var path, name string
	if err := c.Args(&path, &name); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Link(path, name)
}
