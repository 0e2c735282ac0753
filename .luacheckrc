std = "lua51+busted"
max_line_length = 140
exclude_files = { "**/testdata/**" }
read_globals = { "eventually", "xfail", assert = { other_fields = true } }
ignore = { "212/self" } -- a method need not use it
files["lualib/meta"] = {
	-- Stubs declare what is defined elsewhere.
	ignore = { "1..", "2..", "431", "631" },
}
files["lualib/lua/ave/test"] = { ignore = { "1.." } }
