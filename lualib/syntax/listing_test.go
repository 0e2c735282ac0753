package syntax

// Listings of the code of functions, as lua5.1 and as this package generate it. If they
// are equal, everything else about the code is that of lua5.1.

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"avescript/internal/differential"
	"avescript/internal/lua51"
	"avescript/lualib/bytecode"
)

// dumper is a process that compiles, and answers with bytecode or an error.
func dumper(t testing.TB) *lua51.Process {
	return lua51.Start(t, `function(source)
		local chunk, message = loadstring(source, "=fuzz")
		return chunk and string.dump(chunk) or message
	end
	`)
}

// dump reads what string.dump writes.
type dump struct {
	data []byte
}

func (d *dump) byte() int {
	b := d.data[0]
	d.data = d.data[1:]
	return int(b)
}

func (d *dump) int() int {
	n := binary.LittleEndian.Uint32(d.data)
	d.data = d.data[4:]
	return int(int32(n))
}

func (d *dump) long() uint64 {
	n := binary.LittleEndian.Uint64(d.data)
	d.data = d.data[8:]
	return n
}

func (d *dump) string() string {
	size := d.long()
	if size == 0 {
		return ""
	}
	s := string(d.data[:size-1])
	d.data = d.data[size:]
	return s
}

// listed is a function as both have it.
type listed struct {
	defined, last             int
	params, vararg, registers int
	code                      []string
	lines                     []int
	upvalues, locals          []string
	inner                     []listed
}

func (l listed) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "function %d-%d, %d params, vararg %d, %d registers\n", l.defined, l.last, l.params, l.vararg, l.registers)
	for pc, text := range l.code {
		fmt.Fprintf(&b, "[%d] %s\n", l.lines[pc], text)
	}
	fmt.Fprintf(&b, "upvalues %v\nlocals %v\n", l.upvalues, l.locals)
	return b.String()
}

func localText(name string, start, end int) string { return fmt.Sprintf("%s %d-%d", name, start, end) }

// names of lua5.1's instructions, by their number; gopher-lua has others in between.
var opNames = strings.Fields(`MOVE LOADK LOADBOOL LOADNIL GETUPVAL GETGLOBAL GETTABLE SETGLOBAL SETUPVAL
	SETTABLE NEWTABLE SELF ADD SUB MUL DIV MOD POW UNM NOT LEN CONCAT JMP EQ LT LE TEST TESTSET CALL
	TAILCALL RETURN FORLOOP FORPREP TFORLOOP SETLIST CLOSE CLOSURE VARARG`)

func (d *dump) function() listed {
	d.string() // the source
	l := listed{defined: d.int(), last: d.int()}
	d.byte() // the number of upvalues
	l.params, l.vararg, l.registers = d.byte(), d.byte(), d.byte()
	var code []uint32
	for range d.int() {
		code = append(code, uint32(d.int()))
	}
	var constants []string
	for range d.int() {
		switch d.byte() {
		case 0:
			constants = append(constants, "nil")
		case 1:
			constants = append(constants, fmt.Sprint(d.byte() == 1))
		case 3:
			constants = append(constants, numberText(math.Float64frombits(d.long())))
		case 4:
			constants = append(constants, "'"+d.string())
		}
	}
	word := false
	for _, inst := range code {
		op, a, b, c := opNames[inst&0x3f], int(inst>>6&0xff), int(inst>>23), int(inst>>14&0x1ff)
		l.code = append(l.code, instructionText(op, a, b, c, int(inst>>14), int(inst), constants, &word))
	}
	for range d.int() {
		l.inner = append(l.inner, d.function())
	}
	for range d.int() {
		l.lines = append(l.lines, d.int())
	}
	for range d.int() {
		name := d.string()
		l.locals = append(l.locals, localText(name, d.int(), d.int()))
	}
	for range d.int() {
		l.upvalues = append(l.upvalues, d.string())
	}
	return l
}

// numberText does not tell 0 from -0, of which lua5.1 makes one constant.
func numberText(n float64) string { return fmt.Sprint(n + 0) }

// instructionText leaves out what is meaningless or known to differ.
func instructionText(op string, a, b, c, bx, raw int, constants []string, word *bool) string {
	if *word {
		*word = false
		return fmt.Sprint("word ", raw)
	}
	operand := func(n int) string {
		if index, ok := bytecode.Constant(n); ok {
			return constants[index]
		}
		return fmt.Sprint(n)
	}
	switch op {
	case "LOADK", "GETGLOBAL", "SETGLOBAL":
		return fmt.Sprint(op, " ", a, " ", constants[bx])
	case "JMP":
		return fmt.Sprint(op, " ", bx)
	case "CLOSURE", "FORLOOP", "FORPREP":
		return fmt.Sprint(op, " ", a, " ", bx)
	case "NEWTABLE", "CLOSE":
		return fmt.Sprint(op, " ", a)
	case "TAILCALL":
		return fmt.Sprint(op, " ", a, " ", b)
	case "GETTABLE", "SELF":
		return fmt.Sprint(op, " ", a, " ", b, " ", operand(c))
	case "SETTABLE", "EQ", "LT", "LE", "ADD", "SUB", "MUL", "DIV", "MOD", "POW":
		return fmt.Sprint(op, " ", a, " ", operand(b), " ", operand(c))
	case "SETLIST":
		*word = c == 0
	}
	return fmt.Sprint(op, " ", a, " ", b, " ", c)
}

// listOurs lists a prototype.
func listOurs(original *lua.FunctionProto, reference *listed) listed {
	proto := withoutExtras(original, reference)
	l := listed{
		defined: proto.LineDefined, last: proto.LastLineDefined, params: int(proto.NumParameters),
		vararg: int(proto.IsVarArg), registers: int(proto.NumUsedRegisters) - 1,
		lines: proto.DbgSourcePositions, upvalues: proto.DbgUpvalues,
	}
	var constants []string
	for _, c := range proto.Constants {
		switch c := c.(type) {
		case lua.LNumber:
			constants = append(constants, numberText(float64(c)))
		case lua.LString:
			constants = append(constants, "'"+string(c))
		default:
			constants = append(constants, c.String())
		}
	}
	word := false
	for _, inst := range proto.Code {
		op := bytecode.Op(inst)
		switch op {
		case lua.OP_GETTABLEKS:
			op = lua.OP_GETTABLE
		case lua.OP_SETTABLEKS:
			op = lua.OP_SETTABLE
		}
		l.code = append(l.code, instructionText(opNumber(op), bytecode.A(inst), bytecode.B(inst), bytecode.C(inst), bytecode.Bx(inst), int(inst), constants, &word))
	}
	for _, v := range proto.DbgLocals {
		l.locals = append(l.locals, localText(v.Name, v.StartPc+1, v.EndPc))
	}
	return l
}

// withoutExtras removes the instructions that lua5.1 has no need of: it relies on
// registers that are nil when a function begins, and its OP_VARARG may write to any
// register.
func withoutExtras(proto *lua.FunctionProto, reference *listed) *lua.FunctionProto {
	p := *proto
	p.Code, p.DbgSourcePositions, p.DbgLocals = slices.Clone(p.Code), slices.Clone(p.DbgSourcePositions), nil
	for _, v := range proto.DbgLocals {
		clone := *v
		p.DbgLocals = append(p.DbgLocals, &clone)
	}
	for pc := 1; pc < len(p.Code); pc++ {
		inst, before := p.Code[pc], p.Code[pc-1]
		if bytecode.Op(before) == lua.OP_VARARG && bytecode.B(before) == 2 && bytecode.Op(inst) == lua.OP_MOVE &&
			bytecode.B(inst) == bytecode.A(before) && bytecode.A(inst) < bytecode.A(before) {
			p.Code[pc-1] = bytecode.WithA(before, bytecode.A(inst))
			remove(&p, pc)
			p.NumUsedRegisters = uint8(reference.registers + 1)
		}
	}
	if len(p.Code) != len(reference.code) && bytecode.Op(p.Code[0]) == lua.OP_LOADNIL {
		remove(&p, 0)
	}
	return &p
}

// remove removes an instruction.
func remove(p *lua.FunctionProto, at int) {
	for pc, inst := range p.Code {
		switch bytecode.Op(inst) {
		case lua.OP_JMP, lua.OP_FORLOOP, lua.OP_FORPREP:
			distance := bytecode.Distance(inst)
			target := pc + 1 + distance
			switch {
			case pc < at && target > at:
				distance--
			case pc > at && target <= at:
				distance++
			}
			p.Code[pc] = bytecode.WithDistance(inst, distance)
		}
	}
	p.Code, p.DbgSourcePositions = slices.Delete(p.Code, at, at+1), slices.Delete(p.DbgSourcePositions, at, at+1)
	for _, v := range p.DbgLocals {
		if v.StartPc+1 > at {
			v.StartPc--
		}
		if v.EndPc > at {
			v.EndPc--
		}
	}
}

// opNumber returns the name of an opcode of gopher-lua.
func opNumber(op int) string {
	for _, own := range []int{lua.OP_SETTABLEKS, lua.OP_GETTABLEKS, lua.OP_MOVEN} {
		if op > own {
			op--
		}
	}
	if op >= len(opNames) {
		return "NOP"
	}
	return opNames[op]
}

// difference compares a prototype, and those inside it, with lua5.1's.
func difference(proto *lua.FunctionProto, reference listed) string {
	if got, want := listOurs(proto, &reference).String(), reference.String(); got != want {
		return cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
	}
	if len(proto.FunctionPrototypes) != len(reference.inner) {
		return fmt.Sprintf("got %d functions, want %d", len(proto.FunctionPrototypes), len(reference.inner))
	}
	for i, inner := range proto.FunctionPrototypes {
		if found := difference(inner, reference.inner[i]); found != "" {
			return found
		}
	}
	return ""
}

// compareCode compares the code, or the error, of a source.
func compareCode(t *testing.T, reference *lua51.Process, source string) {
	t.Helper()
	want, failure := reference.Ask(source)
	if failure != nil {
		t.Skip(failure)
	}
	proto, err := Compile([]byte(source), "fuzz")
	if err != nil || !strings.HasPrefix(want, "\x1bLua") {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %.200q of\n%q", err, want, source)
		}
		return
	}
	d := &dump{data: []byte(want[12:])}
	if found := difference(proto, d.function()); found != "" {
		t.Errorf("%s\n%s", found, source)
	}
}

func TestCodeIsThatOfLua51(t *testing.T) {
	reference := dumper(t)
	if reference == nil {
		t.Skip("lua5.1 is not installed")
	}
	for seed := range int64(60) {
		compareCode(t, reference, differential.Statements(seed))
	}
}

// mutated changes a program so that it is probably wrong.
func mutated(source string, random *rand.Rand) string {
	words := regexp.MustCompile(`\w+|\s+|.`).FindAllString(source, -1)
	for range 1 + random.Intn(3) {
		i, j := random.Intn(len(words)), random.Intn(len(words))
		switch random.Intn(6) {
		case 0:
			words[i] = ""
		case 1:
			words[i] = words[j]
		case 2:
			words[i] += words[j]
		case 3:
			words[i] += " " + []string{"end", "do", "goto", "break", ";", "(", "...", "[=", "[[", "'", "\\", "\x00", "\xff", "0x", "1e", "=", "local", "return", "until", "\n(", "function"}[random.Intn(21)] + " "
		case 4:
			words = words[:i+1]
		case 5:
			words[i], words[j] = words[j], words[i]
		}
	}
	return strings.Join(words, "")
}

// gotoStatement is what is not Lua 5.1.
var gotoStatement = regexp.MustCompile(`goto\s+\pL|::`)

func TestErrorsAreThoseOfLua51(t *testing.T) {
	reference := dumper(t)
	if reference == nil {
		t.Skip("lua5.1 is not installed")
	}
	for seed := range int64(200) {
		random := rand.New(rand.NewSource(seed))
		source := mutated(differential.FewStatements(seed), random)
		if !gotoStatement.MatchString(source) {
			compareCode(t, reference, source)
		}
	}
}
