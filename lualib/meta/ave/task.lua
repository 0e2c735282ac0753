---@meta ave.task

--- Functions that run beside each other.
---
---     local pages = task.channel()
---     task.group(function(group)
---         for _, url in ipairs(urls) do
---             group:spawn(function() pages:put(http.get(url).body, 5) end)
---         end
---         for _ = 1, #urls do print(#pages:get()) end
---     end)
---
--- One task runs at a time, until it waits: for a command, a connection, a
--- channel, a sleep. So values that tasks share change only across such a call,
--- and a task that computes keeps the others out. `time.sleep(0)` lets them run.
---
--- Tasks end with the script: those that are left then are cancelled. Deadlocks
--- are not found out; a timeout, a deadline or Ctrl-C ends them.
local task = {}

--- How many tasks of a group run.
---@class ave.GroupOptions
---@field limit? integer How many at a time; `spawn` waits for a free place. Default: any number.

--- Makes a channel.
---@param capacity? integer How many values it holds until `put` waits for somebody to take one, at most 1048576. Default: 0, `put` waits for whoever gets the value.
---@return ave.Channel channel
function task.channel(capacity) end

--- Calls a function with a group, waits for all tasks that it has spawned in it,
--- and returns what the function returns.
---
--- The first task that fails, or the function if it does, ends all others, and
--- what it has raised is raised here. A task that was cancelled is no failure.
---@param fn fun(group: ave.Group): ...
---@param options? ave.GroupOptions
---@return any ...
function task.group(fn, options) end

--- Waits until one of several channels has a value, or is closed. Which one comes
--- first among those that have one is by their order. Raises `Timeout`.
---@param channels ave.Channel[]
---@param timeout? ave.Seconds
---@return ave.Channel channel
---@return any value Nil if the channel is closed and empty.
function task.select(channels, timeout) end

--- Starts a function as a task. It begins when the caller waits for the first
--- time.
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return ave.Task task
function task.spawn(fn, ...) end

--- A way for values from task to task, in their order.
---@class ave.Channel: ave.Class
local Channel = {}
task.Channel = Channel

--- Channels are made by `channel`; the constructor raises `TypeError`.
function Channel:init() end

--- Ends the channel. What is in it can still be got. Closing it again does
--- nothing.
function Channel:close() end

--- Takes the next value, and waits for it. Raises `Timeout`.
---@param timeout? ave.Seconds
---@return any value Nil if the channel is closed and empty.
function Channel:get(timeout) end

--- Gives a value to whoever gets it. Raises `Timeout`, `Exception` if the channel
--- is closed or becomes so, and `TypeError` for nil.
---@param value any The value itself, not a copy.
---@param timeout? ave.Seconds
function Channel:put(value, timeout) end

--- Goes through the values until the channel is closed.
---
---     for value in channel:values() do ... end
---@return fun(): any next
function Channel:values() end

--- Tasks that fail together.
---@class ave.Group: ave.Class
local Group = {}
task.Group = Group

--- Groups are made by `group`; the constructor raises `TypeError`.
function Group:init() end

--- Starts a function as a task of the group. Raises what a task of the group has
--- raised, or `Terminated` if the group has ended.
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return ave.Task task
function Group:spawn(fn, ...) end

--- A function that runs beside others.
---@class ave.Task: ave.Class
local Task = {}
task.Task = Task

--- Tasks are made by `spawn`; the constructor raises `TypeError`.
function Task:init() end

--- Has the task interrupted in whatever it does, as soon as possible; no `pcall`
--- in it can stop that, and the tasks that it has spawned. `join` raises
--- `Terminated` then. It does not wait for the end.
function Task:cancel() end

--- Tells whether the task has ended, in whatever way.
---@return boolean
function Task:done() end

--- Waits until the task has ended, and returns what its function has.
---
--- Raises what the task has raised, with where that was in the field `trace`; a
--- mere text becomes an `Exception`. Raises `Terminated` if the task was
--- cancelled, and `Timeout` if it goes on. What a task has raised that nobody
--- joins is written to stderr when the script ends.
---@param timeout? ave.Seconds
---@return any ...
function Task:join(timeout) end

return task
