package stdlib

import lua "github.com/yuin/gopher-lua"

// table.sort: quicksort on the table itself, so that a comparison that reads or
// changes the table does no harm. An invalid order function leads out of the range,
// which is an error, or to an arbitrary order.

type sorter struct {
	args
	table *lua.LTable
	order *lua.LFunction // nil means <
	work  *work
}

func tableSort(a args) int {
	s := sorter{args: a, table: a.table(1), work: &work{L: a.L}}
	if !a.absent(2) {
		s.order = a.function(2)
	}
	s.sort(1, s.table.Len())
	return 0
}

// sort sorts t[low..high]. It calls itself for the smaller part, so that the
// depth stays logarithmic.
func (s sorter) sort(low, high int) {
	for low < high {
		s.arrange(low, high)
		if high-low == 1 {
			return
		}
		middle := low + (high-low)/2
		s.arrange(low, middle)
		s.arrange(middle, high)
		if high-low == 2 {
			return
		}
		split := s.partition(low, middle, high)
		if split-low < high-split {
			s.sort(low, split-1)
			low = split + 1
		} else {
			s.sort(split+1, high)
			high = split - 1
		}
	}
}

// partition moves what is less than t[pivot] before it and the rest after it, and
// returns the new index of the pivot. The first value is not greater and the last
// one not less: they stop the scans, if the order is valid.
func (s sorter) partition(low, pivot, high int) int {
	value := rawGet(s.table, pivot)
	s.swap(pivot, high-1)
	i, j := low, high-1
	for {
		for i++; s.less(rawGet(s.table, i), value); i++ {
			if i >= high {
				s.fail("invalid order function for sorting")
			}
		}
		for j--; s.less(value, rawGet(s.table, j)); j-- {
			if j <= low {
				s.fail("invalid order function for sorting")
			}
		}
		if j < i {
			break
		}
		s.swap(i, j)
	}
	s.swap(i, high-1)
	return i
}

// arrange puts two values in order.
func (s sorter) arrange(i, j int) {
	if s.less(rawGet(s.table, j), rawGet(s.table, i)) {
		s.swap(i, j)
	}
}

func (s sorter) swap(i, j int) {
	x, y := rawGet(s.table, i), rawGet(s.table, j)
	s.table.RawSetInt(i, y)
	s.table.RawSetInt(j, x)
}

func (s sorter) less(x, y lua.LValue) bool {
	s.work.step(1) // the order may be a function in Go
	if s.order != nil {
		s.L.Push(s.order)
		s.L.Push(x)
		s.L.Push(y)
		s.L.Call(2, 1)
		result := lua.LVAsBool(s.L.Get(-1))
		s.L.Pop(1)
		return result
	}
	switch x := x.(type) {
	case lua.LNumber:
		if y, ok := y.(lua.LNumber); ok {
			return x < y
		}
	case lua.LString:
		if y, ok := y.(lua.LString); ok {
			return x < y
		}
	}
	return s.lessByMetamethod(x, y)
}

func (s sorter) lessByMetamethod(x, y lua.LValue) bool {
	mine := s.L.GetMetaField(x, "__lt")
	if x.Type() == y.Type() && mine != lua.LNil && mine == s.L.GetMetaField(y, "__lt") {
		return s.L.LessThan(x, y)
	}
	if x.Type() == y.Type() {
		s.fail("attempt to compare two %s values", x.Type())
	}
	s.fail("attempt to compare %s with %s", x.Type(), y.Type())
	return false
}
