---@meta ave.network.pipe

--- Pipes, which carry JSON values between processes.
---
---     local ours, theirs = Pipe.pair()
---     local child = Process{ target = function() theirs:put{ answer = 42 } end }
---     child:start()
---     theirs:close()
---     ours:get(5).answer    --> 42
---
--- Each process should close the end that it does not use; then it notices when the
--- process at the other end has ended. Values are sent as messages in the format of
--- `ave.network.connection`.
local pipe = {}

--- One end of a pipe. Both ends can read and write.
---
--- An end is passed to a new process that uses it, together with the part of a
--- value that has arrived: see `ave.network.process`. Only one of the two processes
--- should use the end after that. Several tasks may use one end. One task reads and
--- one task writes at a time; the others wait for their turn, at most for their
--- timeout.
---@class ave.Pipe: ave.Class
local Pipe = {}
pipe.Pipe = Pipe

--- Raises `TypeError`: the ends of a pipe are made by `pair` and `from_fd`.
function Pipe:init() end

--- Makes the end of a pipe from a descriptor, such as one that came from another
--- process. The descriptor then belongs to the pipe.
---
--- Raises `Exception` if it is not a connected Unix socket. The descriptor then
--- still belongs to the caller.
---@param fd integer A descriptor that is used nowhere else. It becomes non-blocking.
---@param unread? string What `detach` returned with it.
---@return ave.Pipe
function Pipe.from_fd(fd, unread) end

--- Makes a pipe, and returns its two ends.
---@return ave.Pipe a
---
---@return ave.Pipe b
function Pipe.pair() end

--- Closes this end. Values that were put are not lost. Tasks that wait at this end
--- get `ConnectionClosed`; so do readers at the other end, when they have read
--- everything.
function Pipe:close() end

--- Hands the descriptor to the caller, who must close it. This end is closed in
--- this object, but the other end does not notice.
---
--- Raises `ConnectionAgain`, and does nothing, while a value is sent only in part,
--- or while another task reads or writes.
---@return integer fd The descriptor. The number differs from that of `fileno`.
---@return string unread The part of an incomplete value that was read already, for `from_fd`.
function Pipe:detach() end

--- Returns the descriptor. It still belongs to the pipe.
---
--- Raises `ConnectionClosed` if this end is closed.
---@return integer
function Pipe:fileno() end

--- Receives a value. After a timeout, the part that has arrived is kept for the
--- next `get`.
---
--- Raises:
---
--- * `ConnectionTimeout`, or `ConnectionClosed` if either end was closed.
--- * `Exception` if what arrived is not valid JSON.
---@param timeout? ave.Seconds 0 only takes a value that has arrived already. Default: no limit.
---@return any value As `json.decode` returns it.
function Pipe:get(timeout) end

--- Waits for an event: see `Connection:poll`.
---
--- Raises `ConnectionClosed` if this end was closed.
---@param mask integer The sum of the events to wait for, such as `connection.POLLIN`.
---@param timeout? ave.Seconds 0 only checks. Default: no limit.
---@return { [1]: integer, [2]: integer }[]? events A list of {fd, event}; nil after the timeout.
function Pipe:poll(mask, timeout) end

--- Sends a value. After a timeout, the rest of it is kept and sent before anything
--- else. Call `put` with the same value to continue; it is sent only once.
---
--- Raises:
---
--- * `ConnectionTimeout`, or `ConnectionClosed` if either end was closed.
--- * `TypeError` if the value cannot be encoded as JSON.
---@param value any A value as for `json.encode`. Nil is sent as null.
---@param timeout? ave.Seconds 0 only writes what the pipe accepts at once. Default: no limit.
function Pipe:put(value, timeout) end

return pipe
