-- A module that is told what to call.

return { handlers = {}, own = function() return "own" end }
