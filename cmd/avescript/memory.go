package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"avescript/lualib/vm"
)

// memoryLimit is the value of --memory-limit, in bytes; 0 means that there is none.
type memoryLimit uint64

const (
	memoryFlag = "memory-limit"

	// smallestLimit leaves room for what every interpreter loads.
	smallestLimit = 16 << 20
)

func (m *memoryLimit) flags(f *pflag.FlagSet) {
	f.Var(m, memoryFlag, `raise the error "not enough memory" in Lua code when the process uses more than `+"`SIZE`"+", such as 256M or 2G; 0 means no limit")
}

// limit sets the limit of an interpreter.
func (m *memoryLimit) limit(v *vm.VM) *vm.VM {
	if *m > 0 {
		v.LimitMemory(uint64(*m))
	}
	return v
}

func (m *memoryLimit) Set(text string) error {
	digits, unit := text, uint64(1)
	for shift, letter := range map[int]string{10: "K", 20: "M", 30: "G"} {
		if before, found := strings.CutSuffix(strings.ToUpper(text), letter); found {
			digits, unit = before, 1<<shift
		}
	}
	size, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || size > math.MaxInt64/2/unit || size > 0 && size*unit < smallestLimit {
		return fmt.Errorf("wanted a size of at least 16M, such as 256M or 2G, or 0, got %q", text)
	}
	*m = memoryLimit(size * unit)
	return nil
}

func (m *memoryLimit) String() string { return strconv.FormatUint(uint64(*m), 10) }

func (m *memoryLimit) Type() string { return "size" }
