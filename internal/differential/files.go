package differential

// Reading and writing of files. A program's files are removed at its end.

const fileHelpers = `
local name = os.tmpname()
local function result(...)
  local r = { ... }
  for i = 1, select("#", ...) do
    if type(r[i]) == "string" then r[i] = r[i]:gsub(name:gsub("%p", "%%%0"), "NAME") elseif type(r[i]) == "userdata" then r[i] = io.type(r[i]) end
  end
  show(unpack(r, 1, select("#", ...)))
end
local function try(f, ...) result(pcall(f, ...)) end
local f = assert(io.open(name, "w"))
`

func (g *generator) files() {
	g.out.WriteString(fileHelpers)
	g.line("f:write(%s) f:close()", g.pick("'one\\ntwo\\nthree'", "'one\\n\\nthree\\n'", "'12 0x1F 1e3 x 5'", "('line\\n'):rep(1000)", "'a b\\n\\r\\nc'", "''", "1, ' ', 2.5, '\\n', -3"))
	g.line("f = assert(io.open(name, %q))", g.pick("r+", "a+", "r+b", "w+"))
	for range 16 {
		g.line("pcall(f.seek, f, 'cur') %s", g.fileCall()) // C has no rule for a read that follows a write
	}
	g.line("try(function() f:close() end)")
	g.line("try(function() local h = io.open(name) local s = h:read('*a') h:close() return #s, s:sub(1, 60) end)")
	g.line("os.remove(name)")
}

func (g *generator) fileCall() string {
	format := func() string {
		return g.pick("'*l'", "'*n'", "'*a'", "0", "1", "5", "100", "'*x'", "'l'", "nil", "{}", "'*l', '*n'", "'*n', '*l'", "2, '*l'")
	}
	return fill(g.pick("try(f.read, f, $1)", "try(f.read, f, $1)", "try(f.read, f)", "try(f.write, f, $2)", "try(function() return f:write($2) == f end)", "try(f.seek, f, $3)", "try(f.seek, f, $3)", "try(f.lines, f)",
		"try(function() for l in f:lines() do show(l) break end end)", "pcall(f.flush, f) try(function() for l in io.lines(name) do show(l) break end end)", "try(f.flush, f)", "try(f.setvbuf, f, $4)", "result(io.type(f), tostring(f):gsub('0x%x+', '0x'))", "try(f.close)",
		"try(io.open, name .. '/none')", "try(io.open, '/no/such')", "try(io.open, name, 'q')", "try(io.lines, '/no/such')", "pcall(f.flush, f) try(function() io.input(name) return io.read($1) end) io.input(io.stdin)", "try(os.rename, '/no/such', '/no')", "try(os.remove, '/no/such')", "try(io.type, 5)",
		"try(loadfile, '/no/such')", "pcall(f.flush, f) try(loadfile, name)", "pcall(f.flush, f) try(dofile, name)", "try(f.none)", "try(function() f:nothing() end)", "try(io.output().write, io.output(), 'written\\n')", "try(f.read, 5)", "try(f.seek, f, 'cur', {})"),
		format(), g.pick("'x'", "1", "1.5", "'two\\nlines'", "nil", "{}", "''", "1e15, 0.1", "true"), g.pick("'set'", "'set', 2", "'cur'", "'end'", "'end', -3", "'cur', -1", "'set', -1", "'bad'", "5"), g.pick("'no'", "'full'", "'line'", "'full', 1024", "'bad'"))
}
