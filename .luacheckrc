std = "lua51+busted"
self = false -- a method need not use it
max_line_length = 140
exclude_files = { "**/testdata/**" }
read_globals = { "eventually", assert = { other_fields = true } }
files["lualib/meta"] = {
	-- Stubs declare what is defined elsewhere.
	ignore = { "111", "112", "113", "142", "143", "2..", "431", "631" },
}
files["lualib/lua/ave/test"] = { ignore = { "1.." } }
