---@meta ave.persona

--- Who the process is. For use during system boot.
local persona = {}

--- Changes the effective user of the process, with its groups.
---
--- Only the super user may do this. The real user remains root, as for any
--- change of the effective user: this chooses who owns the files that are made,
--- and is no wall around code that is not trusted. HOME and the rest of the
--- environment stay as they are.
---
--- The kernel forgets the parent-death signal of a process that does this.
---
--- Raises `Exception` if there is no such account, or this is not the super
--- user.
---@param name string The name of an account.
---@return string home Its home directory.
function persona.become_user(name) end

return persona
