--- sub and byte with all positions
for _, i in ipairs { -10, -3, -1, 0, 1, 2, 5, 10 } do io.write("[", ("hello"):sub(i), "|", ("hello"):sub(2, i), "|", tostring(("hello"):byte(i)), "]") end print() print(("hello"):byte(1, -1)) print(string.char()) print(("x"):byte(5))
--- rep, reverse, upper, lower, len
print(("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-1), ("abc"):reverse(), (""):reverse(), ("aBc1"):upper(), ("aBc1"):lower(), #"a\0b", ("\200"):upper() == "\200")
--- find with all arguments
print(("hello"):find("l")) print(("hello"):find("l", 4)) print(("hello"):find("")) print(("hello"):find("", 6)) print(("hello"):find("", 7)) print(("a.b"):find(".", 1, true)) print(("a.b"):find("%.")) print(("hello"):find("l", -2)) print(("hello"):find("xyz")) print(("hello"):find("h", -100))
--- captures
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$")) print(("hello"):find("(l)(l)")) print(("hello"):match("()ll()")) print(("abc"):match("((a)(b))")) print(("x"):match("(x)(y?)")) print(("2024-01-02"):match("(%d+)-(%d+)-(%d+)"))
--- classes of characters
local all = {} for i = 0, 255 do all[#all + 1] = string.char(i) end all = table.concat(all) for c in ("acdlpsuwxzACDLPSUWXZ"):gmatch(".") do io.write(c, " ", select(2, all:gsub("%" .. c, "")), "; ") end print()
--- sets
print(("a-z]"):gsub("[a-]", "_")) print(("a-z]"):gsub("[]]", "_")) print(("abc^"):gsub("[^^]", "_")) print(("a1_"):gsub("[%w_]", "x")) print(("abc"):gsub("[b-]", "x")) print(("[x]"):gsub("[[]", "("))
--- repetition
print(("aaa"):match("a-"), ("aaa"):match("a-$"), ("aaab"):match("a*b"), ("b"):match("a*b"), ("ab"):match("a?b"), ("aab"):match("^a+b"), ("<<a>>"):match("<(.-)>"), ("<<a>>"):match("<(.*)>"))
--- balanced text and frontiers
print(("f(a(b)c)d"):match("%b()")) print(("THE (quick) fox"):find("%f[%a]%a+%f[%A]")) print(("hello world"):gsub("%f[%w]%w+", string.upper)) print(("(()"):match("%b()"))
--- back references
print(("abab"):match("(ab)%1"), ("'x' \"y\""):match("(['\"])(.-)%1"), ("abcabd"):match("(a.)c%1"))
--- gsub with strings, tables and functions
print(("hello"):gsub("l", "L", 1)) print(("hello"):gsub("", "-")) print(("abc"):gsub("%w", "%0%0")) print(("a b"):gsub("(%w) (%w)", "%2 %1")) print(("$x $y"):gsub("%$(%w)", { x = "1" })) print(("abc"):gsub(".", function(c) if c == "b" then return false end return c:upper() end)) print(("x"):gsub("x", "%%")) print(("abc"):gsub("b", ""))
--- gsub with bad replacements
print(pcall(string.gsub, "x", "x", "%2")) print(pcall(string.gsub, "x", "x", function() return {} end)) print(pcall(string.gsub, "x", "x", { x = true })) print(pcall(string.gsub, "x", "x")) print(("x"):gsub("x", "%a"))
--- bad patterns
for _, p in ipairs { "[", "[a", "[%", "%", "(", ")", "(()", "%b", "%bx", "%f", "%1", "(%1)", "[]", "[^]", "a)", "%9" } do print(p, pcall(string.find, "ab", p)) end
--- gmatch
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do io.write(k, v, ";") end for w in ("one two"):gmatch("%a+") do io.write(w, ".") end for p in ("abc"):gmatch("()") do io.write(p, " ") end for x in ("abc"):gmatch("") do io.write("[", x, "]") end print() for w in ("^a"):gmatch("^a") do print(w) end
--- format of integers
print(("%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%i|%u|%c"):format(1, 2, 3, 4, 5, 6, 255, 255, 255, 8, 8, 9, 10, 65)) print(("%d %d"):format(-1, 2 ^ 31)) print(("%.3d|%5.3d|%-8.3d|"):format(5, 5, 5)) print(("%d"):format(3.99), ("%d"):format(-3.99), ("%d"):format("10"))
--- format of other numbers
print(("%f|%.2f|%10.3f|%-10.1f|%+f|%e|%.0e|%E|%g|%G|%g"):format(1, 2.555, 3.14159, 2.5, 1.5, 12345.678, 5, 1e-10, 1e20, 1e-20, 100000)) print(("%g %g %g"):format(1e15, 0.1, 123456789)) print(("%.14g %.17g"):format(0.1, 0.1)) print(("%5.1f|%05.1f|%#.0f"):format(1.25, 1.25, 1)) print(("%f %g %e"):format(1 / 0, -1 / 0, 1 / 0))
--- format of strings
print(("%s|%5s|%-5s|%.2s|%5.1s|"):format("abc", "ab", "ab", "abc", "abc")) print(("%q"):format('a "quoted"\n\\ \0 \r text')) print(("%s %s %s"):format(1, 1.5, "x")) print(("%%"):format()) print(("%s"):format(("x"):rep(1000)) == ("x"):rep(1000)) print(("%-3s|%3s"):format("abcd", "abcd"))
--- bad formats
print(pcall(string.format, "%y", 1)) print(pcall(string.format, "%")) print(pcall(string.format, "%d")) print(pcall(string.format, "%d", "x")) print(pcall(string.format, "%s")) print(pcall(string.format, "%s", nil)) print(pcall(string.format, "%123d", 1)) print(pcall(string.format, "%.123d", 1)) print(pcall(string.format, "%#########d", 1)) print(pcall(string.format, "%5")) print(pcall(string.format, "%l", 1))
--- concatenation of numbers
print(1 .. "", 1.5 .. "", -0.5 .. "", 2 ^ 31 .. "", 1e5 .. "")
--- concatenation of large, small and inexact numbers
print(0.1 + 0.2 .. "") print(1e15 .. "") print(2 ^ 53 .. "") print(1e100 .. "") print(1 / 3 .. "") print(1e-5 .. "") print(1 / 0 .. "") print(-1 / 0 .. "")
--- numbers in concatenations that are shown
show(1e15 .. "|") show("x" .. 0.1 + 0.2) show(1 / 0 .. "") try(error, 2 ^ 60 .. "")
--- tostring of numbers
print(1, 1.5, -1.5, 1e15, 1e14, 1e100, 0.1, 1 / 3, 123456789012, 2 ^ 53, 1e-5, 1 / 0, -1 / 0, 100, 1e2, 0.1 + 0.2, 12345678901234567890)
--- tonumber
print(tonumber("10"), tonumber(" 10 "), tonumber("0x1F"), tonumber("1e2"), tonumber("1e"), tonumber(""), tonumber(" "), tonumber("x"), tonumber("10x"), tonumber("1 2"), tonumber(".5"), tonumber("5."), tonumber("."), tonumber("-5"), tonumber("- 5"), tonumber("+5"), tonumber(nil), tonumber({}), tonumber("0x"), tonumber("1_0")) print(pcall(tonumber))
--- tonumber with bases
print(tonumber("ff", 16), tonumber("FF", 16), tonumber("z", 36), tonumber("101", 2), tonumber("12", 2), tonumber("8", 8), tonumber(" 7 ", 8), tonumber("", 10), tonumber("1.5", 10), tonumber(10, 16), tonumber("0x10", 16), tonumber("7fffffff", 16)) print(pcall(tonumber, "1", 1)) print(pcall(tonumber, "1", 37)) print(pcall(tonumber, {}, 16))
--- tonumber of a negative number with a base
print(tonumber("-5", 8))
--- numeric strings in arithmetic
print("10" + 1, "0x10" * 2, " 5 " - 1, "1e1" / 2, -"2", "3" ^ "2", "7" % "4", 10 .. 20) print(pcall(function() return "x" + 1 end)) print("10" == 10, "abc" < "abd")
--- strings with _ are no numbers
print(tonumber("1_000")) print(pcall(function() return "1_000" + 1 end))
--- zero bytes
local s = "a\0b\0" print(#s, s:byte(1, -1)) print(s == "a\0b\0", s < "a\0c", #(s .. s), s:sub(2, 2) == "\0", s:find("\0", 1, true)) print(("%s"):format("ab"), s:upper() == "A\0B\0", s:rep(2) == s .. s)
--- len and upper of what is no string
print(string.len(123), string.upper(12.5), string.rep(5, 3), (5 .. ""):len()) print(pcall(string.len, nil)) print(pcall(string.upper, {}))
--- numbers that are not whole in concatenations that are shown
show("x" .. 179e3 / 733e-3)
