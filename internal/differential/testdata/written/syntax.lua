--- what lua5.1 expects
for _, s in ipairs { "x", "x =", "= 1", "x y", "x = 1 2", "f(", "f(1,", "f(1 2)", "a.", "a.1", "a:", "a:b", "a:b = 1", "a[", "a[1", "x = {", "x = {1", "x = {1 2}", "x = {[1]}", "x = {a=}", "x = (1", "x = 1 +", "x = -", "x = not", "x = #", "x = a.b.", "x = function", "x = function(", "x = function() return", "x = ..", "x = 1 ..", "local", "local x =", "local x y", "local function", "local function f", "local function a.b() end", "local 5" } do print(s, loadstring(s, "=x") and "compiles" or select(2, loadstring(s, "=x"))) end
--- blocks
for _, s in ipairs { "if", "if x", "if x then", "if x then else", "if x then elseif", "if x then else elseif y then end", "while", "while x", "while x do", "repeat", "repeat until", "do", "for", "for i", "for i =", "for i = 1", "for i = 1 do", "for i = 1, 2", "for i = 1, 2, 3, 4 do end", "for i, j = 1, 2 do end", "for 1", "for i in", "for i in x", "for i.x in y do end", "for i ipairs(x) do end", "end", "else", "until x", "then", "in", "do end end", "function f", "function f(", "function f(a", "function f(a,", "function f(a,)", "function f(..., a)", "function f() end end", "function f:g.h() end", "function f(1) end", "function (x) end", "return return", "return 1,", "return 1 x = 1", "break", "while 1 do break x = 1 end", "x = function() break end" } do print(s, loadstring(s, "=x") and "compiles" or select(2, loadstring(s, "=x"))) end
--- tokens
for _, s in ipairs { "x = 'a", 'x = "a', "x = 'a\nb'", "x = [[a", "x = [==[a]=]", "--[[ a", "x = 3x", "x = 0xg", "x = 0x", "x = 1e", "x = 1e+", "x = 1.2.3", "x = 1..2", "x = '\\400'", "x = '\\300", "x = @", "x = $", "x = a ! b", "x = a != b", "x = a & b", "x = ~1", "x = `", "x = \\", "x = 'a\\", "x = [=a", "x = '\\q'", "\1 = 2", "x = \200", "x = ?", "!", "x += 1", "x++" } do print(s, loadstring(s, "=x") and "compiles" or select(2, loadstring(s, "=x"))) end
--- tokens that are wrong after a syntax error
print(loadstring("x = = 1\ny = 3x", "=x")) print(loadstring("x y\n\n'\\300'", "=x")) print(loadstring("a b !", "=x"))
--- an escape that is too large
print(loadstring("x = 'abc\\300'", "=x"))
--- blocks that are open on other lines
print(loadstring("if x then\n\nx = 1\n", "=x")) print(loadstring("for i = 1, 2 do\nwhile x do\nend\n", "=x")) print(loadstring("function f(\na,\nb\n", "=x")) print(loadstring("x = {\n1,\n2\n", "=x")) print(loadstring("x = (\n1\n", "=x")) print(loadstring("f(\n1\n", "=x")) print(loadstring("do\ndo\nend\nend\nend", "=x")) print(loadstring("repeat\nx = 1\n", "=x")) print(loadstring("x[\n1\n", "=x"))
--- calls whose parenthesis is on the next line
print(loadstring("x = a\n(b)", "=x")) print(loadstring("f()\n(g)()", "=x")) print(loadstring("f\n'x'", "=x") and "compiles")
--- expressions as statements
print(loadstring("(f)", "=x")) print(loadstring("(f())", "=x")) print(loadstring("f.x", "=x")) print(loadstring("1", "=x")) print(loadstring("'x'", "=x")) print(loadstring("{}", "=x")) print(loadstring("a + b", "=x")) print(loadstring("(f)()", "=x") and "compiles") print(loadstring("('x'):rep(2)", "=x") and "compiles")
--- assignments to what is no variable
print(loadstring("f() = 1", "=x")) print(loadstring("(x) = 1", "=x")) print(loadstring("a, f() = 1, 2", "=x")) print(loadstring("a, 1 = 2", "=x")) print(loadstring("nil = 1", "=x")) print(loadstring("a + b = 1", "=x")) print(loadstring("...= 1", "=x"))
--- semicolons
print(loadstring(";", "=x")) print(loadstring("x = 1;;", "=x")) print(loadstring("x = 1; y = 2;", "=x") and "compiles") print(loadstring("do ; end", "=x")) print(loadstring("return;", "=x") and "compiles")
--- varargs outside
print(loadstring("function f() return ... end", "=x")) print(loadstring("return ...", "=x") and "compiles") print(loadstring("function f(...) return function() return ... end end", "=x"))
--- words that are names in Lua 5.1
print(loadstring("goto = 1 return goto", "=x")()) print(loadstring("local continue, const, global = 1, 2, 3 return continue + const + global", "=x")())
--- near what
print(loadstring("x = = " .. ("y"):rep(100), "=x")) print(loadstring("x y" .. ("y"):rep(100), "=x")) print(loadstring("x 'long " .. ("s"):rep(100) .. "'", "=x")) print(loadstring("x [[long\nline]]", "=x")) print(loadstring("x 'a\\0b' y z", "=x")) print(loadstring("x 12345678901234567890 y", "=x"))
