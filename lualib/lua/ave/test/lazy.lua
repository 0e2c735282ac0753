-- lazy(name) stands for a module, which is loaded by the first use: each test file
-- has an interpreter of its own, and most need little.

local require = require -- tests may put another one in its place

return function(name)
    return setmetatable({}, {
        __index = function(_, key) return require(name)[key] end,
        __call = function(_, ...) return require(name)(...) end,
    })
end
