---@meta ave.network.pipe

--- JSON values between processes.
---
---     local ours, theirs = Pipe.pair()
---     local child = Process{ target = function() theirs:put{ answer = 42 } end }
---     child:start()
---     theirs:close()
---     ours:get(5).answer    --> 42
---
--- Whoever has closed the end that it does not use is told when the process at
--- the other one is gone. On the way, a value is a message as those of
--- `ave.network.connection`.
local pipe = {}

--- One end of a pipe. Both ends can be read and written.
---
--- An end goes along to a new process that uses it, as `ave.network.process` says;
--- what has come of a value by then goes along too. Of the two processes, only
--- one should go on to use the end. Several parts of a script may use one; one of
--- them reads and one writes at a time, and the others wait for their turn
--- within their timeouts.
---@class ave.Pipe: ave.Class
local Pipe = {}
pipe.Pipe = Pipe

--- Raises `TypeError`: the ends of a pipe are made by `pair` and `from_fd`.
function Pipe:init() end

--- Makes the end of a pipe of a descriptor, such as one that came from another
--- process, and owns it from then on.
---
--- Raises `Exception` for anything but a connected Unix socket, which then
--- remains the caller's.
---@param fd integer A descriptor that belongs to nothing else. It is non-blocking from then on.
---@param unread? string What `detach` has returned with it.
---@return ave.Pipe
function Pipe.from_fd(fd, unread) end

--- Makes a pipe.
---@return ave.Pipe a
---@return ave.Pipe b
function Pipe.pair() end

--- Closes this end. What has been put is not lost. Who waits at this end or,
--- once everything is read, at the other one, gets `ConnectionClosed`.
function Pipe:close() end

--- Gives the descriptor away: it is the caller's, and this end is closed here
--- without a sign of it to the other one.
---
--- Raises `ConnectionAgain`, and does nothing, as long as a value is only sent in
--- part or somebody else reads or writes.
---@return integer fd Another number than that of `fileno`.
---@return string unread What has been read of a value that is not complete, for `from_fd`.
function Pipe:detach() end

--- Returns the descriptor, which remains the pipe's.
---
--- Raises `ConnectionClosed` if there is none.
---@return integer
function Pipe:fileno() end

--- Receives a value. What has come of one when the time is over is kept for the
--- next `get`.
---
--- Raises:
---
--- * `ConnectionTimeout`, or `ConnectionClosed` if either end was closed.
--- * `Exception` if what came is no JSON.
---@param timeout? ave.Seconds
---@return any value As `json.decode` returns it.
function Pipe:get(timeout) end

--- Waits for an event: see `Connection:poll`.
---
--- Raises `ConnectionClosed` if this end was closed.
---@param mask integer The sum of the events that are waited for, such as `connection.POLLIN`.
---@param timeout? ave.Seconds
---@return { [1]: integer, [2]: integer }[]? events A list of {fd, event}; nil if none was seen in time.
function Pipe:poll(mask, timeout) end

--- Sends a value. When the time is over, the rest of it is kept and sent before
--- anything else; `put` with the same value continues it, and sends it once.
---
--- Raises:
---
--- * `ConnectionTimeout`, or `ConnectionClosed` if either end was closed.
--- * `TypeError` if the value has no JSON.
---@param value any As `json.encode` takes it. Nil is null.
---@param timeout? ave.Seconds
function Pipe:put(value, timeout) end

return pipe
