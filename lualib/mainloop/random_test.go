package mainloop_test

import (
	"fmt"
	"math/rand"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// calculation writes random programs that calculate with locals, upvalues, globals and
// fields. Constants are never both operands, because lua5.1 then calculates while it
// compiles, and confuses 0 and -0.
type calculation struct {
	*rand.Rand
	out strings.Builder
}

func (c *calculation) pick(from ...string) string { return from[c.Intn(len(from))] }

func (c *calculation) variable() string {
	return c.pick("a", "b", "c", "d", "e", "up1", "up2", "g1", "g2", "t.x", "t.y", "t[1]", "t[2]", "f(a)", "f(b, c)")
}

func (c *calculation) operand(depth int) string {
	switch n := c.Intn(6); {
	case n == 0:
		return c.pick("1", "2", "0.5", "7", "1000", "0")
	case n < 3 || depth == 0:
		return c.variable()
	}
	return c.expression(depth - 1)
}

func (c *calculation) expression(depth int) string {
	left := c.variable()
	if depth > 0 && c.Intn(3) > 0 {
		left = "(" + c.expression(depth-1) + ")"
	}
	switch c.Intn(10) {
	case 0:
		return "-" + left
	case 1:
		return fmt.Sprintf("(%s %s %s and %s or %s)", left, c.pick("<", "<=", "==", "~=", ">"), c.operand(depth), c.operand(0), c.variable())
	}
	right := c.operand(depth)
	if c.Intn(2) == 0 {
		right = "(" + right + ")"
	}
	return fmt.Sprintf("%s %s %s", left, c.pick("+", "-", "*", "/", "%"), right)
}

func (c *calculation) statement() {
	switch c.Intn(8) {
	case 0:
		fmt.Fprintf(&c.out, "a, b = %s, %s\n", c.expression(2), c.expression(2))
	case 1:
		fmt.Fprintf(&c.out, "do local n = %s; local m = n * 2 - %s; P(n, m, n - m - n) end\n", c.expression(2), c.expression(1))
	case 2:
		fmt.Fprintf(&c.out, "t[1], t.x = %s, small(%s)\n", c.expression(2), c.expression(2))
	case 3:
		fmt.Fprintf(&c.out, "for i = 1, 3 do %s = small(%s + i) end\n", c.pick("c", "d", "g1", "up1", "t.y"), c.expression(2))
	case 4:
		fmt.Fprintf(&c.out, "P('3' * %s - %s, %s - (%s) * '0x10')\n", c.variable(), c.variable(), c.variable(), c.expression(1))
	default:
		fmt.Fprintf(&c.out, "%s = small(%s)\n", c.pick("a", "b", "c", "d", "e", "up1", "up2", "g1", "g2", "t.x", "t[2]"), c.expression(3))
	}
	fmt.Fprintf(&c.out, "P(%s, %s)\n", c.expression(3), c.variable())
}

// The values stay small and finite, so that all of them matter.
const calculationBegin = `
local function small(x) if x ~= x or x > 1e6 or x < -1e6 then return 3 end return x end
local function P(...)
	local out = {}
	for i = 1, select("#", ...) do
		local v = (select(i, ...))
		out[i] = v ~= v and "nan" or tostring(v + 0)
	end
	print(table.concat(out, " "))
end
local function f(x, y) return x - (y or 1) * 2 end
g1, g2 = 4, -2.5
local up1, up2 = 11, 0.125
local t = { 5, 6.5, x = -1, y = 1024 }
local function run(a, b, c, d, e)
`

func TestRandomCalculations(t *testing.T) {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is not installed")
	}
	for seed := range int64(40) {
		c := &calculation{Rand: rand.New(rand.NewSource(seed))}
		c.out.WriteString(calculationBegin)
		for range 40 {
			c.statement()
		}
		c.out.WriteString("end\nfor i = 1, 3 do run(i, i * 0.5, 3 - i, -i, 100 / i) end\n")
		cmd := exec.Command("lua5.1", "-")
		cmd.Stdin = strings.NewReader(c.out.String())
		want, err := cmd.Output()
		if err != nil {
			t.Fatalf("program %d: %v\n%s", seed, err, c.out.String())
		}
		if diff := cmp.Diff(string(want), printed(t, c.out.String())); diff != "" {
			t.Fatalf("program %d is not as under lua5.1 (-want +got):\n%s\n%s", seed, diff, c.out.String())
		}
	}
}
