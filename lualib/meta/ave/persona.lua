---@meta ave.persona

--- Changes the user of the process. It is meant for services that start as root, at
--- system boot.
local persona = {}

--- Makes this process run as another user. This cannot be undone.
---
--- The real, effective and saved user and group, the supplementary groups, and the
--- environment variables HOME, USER and LOGNAME become those of the account.
--- Commands, processes and services that are started later run as that user too. A
--- service should call it in its `initialize`, after everything that needs root.
--- Only root can call it.
---
--- Open files, sockets and ports stay open. Only root can inspect this process from
--- outside, such as with a debugger, because its memory may still contain what it
--- read as root.
---
--- A `Process` or service still ends with its parent. Any other program loses its
--- parent-death signal: the kernel clears it.
---
--- Raises `Exception` if the account does not exist, or if the caller is not root.
---@param name string The name or number of an account.
---@return string home The home directory of the account.
function persona.become_user(name) end

return persona
