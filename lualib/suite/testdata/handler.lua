-- An output handler for busted: a line for each verdict, with the kind of
-- element that it is about and the full name. (busted's JSON fails at elements
-- that have functions in them.)
return function()
    local busted = require("busted")
    local handler = require("busted.outputHandlers.base")()
    handler.suiteEnd = function()
        local lists = {
            passed = handler.successes,
            failed = handler.failures,
            error = handler.errors,
            pending = handler.pendings,
        }
        for verdict, list in pairs(lists) do
            for _, t in ipairs(list) do
                io.write(verdict, "\t", t.element.descriptor, "\t", t.name, "\n")
            end
        end
        return nil, true
    end
    busted.subscribe({ "suite", "end" }, handler.suiteEnd)
    return handler
end
