---@meta ave.task

--- Tasks: Lua functions that run concurrently.
---
---     local pages = task.channel()
---     task.group(function(group)
---         for _, url in ipairs(urls) do
---             group:spawn(function() pages:put(http.get(url).body, 5) end)
---         end
---         for _ = 1, #urls do print(#pages:get()) end
---     end)
---
--- One task runs at a time, until it waits: for a command, a connection, a channel
--- or a sleep. So shared values can only change during such a call, and a task that
--- computes for long blocks the others. `time.sleep(0)` lets them run.
---
--- Tasks that are still running when the script ends are cancelled. Deadlocks are
--- not detected; a timeout, a deadline or Ctrl-C ends them.
local task = {}

--- Options of a group.
---@class ave.GroupOptions
---@field limit? integer How many tasks may run at the same time; `spawn` waits until one ends. Default: no limit.

--- Makes a channel.
---
---     local results = task.channel(10)
---     task.spawn(function() results:put(measure(), 5) end)
---     print(results:get(60))
---
---@param capacity? integer How many values it can hold, at most 1048576; `put` waits while it is full. With 0, `put` waits until another task takes the value. Default: 0.
---@return ave.Channel channel
function task.channel(capacity) end

--- Calls a function with a new group, waits for all tasks of the group, and returns
--- what the function returned.
---
--- If a task or the function fails, all other tasks of the group are cancelled. A
--- cancelled task does not count as failed.
---
---     task.group(function(group)
---         for _, host in ipairs(hosts) do group:spawn(upgrade, host) end
---     end, { limit = 4 })
---
--- Raises the first error of the function or a task.
---@param fn fun(group: ave.Group): ...
---@param options? ave.GroupOptions
---@return any ...
function task.group(fn, options) end

--- Waits until one of several channels has a value or is closed, and takes the
--- value. If several are ready, the first in the list is used.
---
---     local channel, value = task.select({ results, failures }, 5)
---     if channel == failures then error(value) end
---
--- Raises `Timeout`.
---@param channels ave.Channel[]
---@param timeout? ave.Seconds 0 only takes a value that is available already. Default: no limit.
---@return ave.Channel channel The channel that was ready.
---@return any value Nil if the channel is closed and empty.
function task.select(channels, timeout) end

--- Starts a function as a task. It begins to run when the caller waits for the
--- first time.
---
---     local download = task.spawn(function(url) return http.get(url):check().body end, url)
---     prepare()
---     local image = download:join(60)
---
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return ave.Task task
function task.spawn(fn, ...) end

--- A queue that passes values from task to task.
---@class ave.Channel: ave.Class
local Channel = {}
task.Channel = Channel

--- Raises `TypeError`: channels are made by `task.channel`.
function Channel:init() end

--- Closes the channel. Values that are in it can still be taken. Closing it twice
--- does nothing.
function Channel:close() end

--- Waits for the next value and takes it. Raises `Timeout`.
---@param timeout? ave.Seconds 0 only takes a value that is available already. Default: no limit.
---@return any value Nil if the channel is closed and empty.
function Channel:get(timeout) end

--- Puts a value into the channel, and waits for room. Raises `Timeout`, `Exception`
--- if the channel is closed, even while it waits, and `TypeError` for nil.
---@param value any The value. It is not copied.
---@param timeout? ave.Seconds 0 only succeeds if there is room, or a task that waits for a value. Default: no limit.
function Channel:put(value, timeout) end

--- Iterates over the values until the channel is closed.
---
---     for value in channel:values() do ... end
---@return fun(): any next
function Channel:values() end

--- A group of tasks. If one fails, all others are cancelled.
---@class ave.Group: ave.Class
local Group = {}
task.Group = Group

--- Raises `TypeError`: groups are made by `task.group`.
function Group:init() end

--- Starts a function as a task of the group. Raises the error of a task of the
--- group that has failed, or `Terminated` if the group has ended.
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return ave.Task task
function Group:spawn(fn, ...) end

--- A Lua function that runs concurrently with others.
---@class ave.Task: ave.Class
local Task = {}
task.Task = Task

--- Raises `TypeError`: tasks are made by `task.spawn`.
function Task:init() end

--- Interrupts the task and the tasks that it has spawned, as soon as possible. A
--- `pcall` cannot prevent that. It does not wait until they have ended. `join` then
--- raises `Terminated`.
function Task:cancel() end

--- Tells whether the task has ended, for any reason.
---@return boolean
function Task:done() end

--- Waits until the task has ended, and returns what its function returned.
---
--- Raises the error of the task, whose field `trace` says where it was raised; an
--- error that is a string becomes an `Exception`. Raises `Terminated` if the task
--- was cancelled, and `Timeout` if it is still running after the timeout. If nobody
--- joins a task that failed, its error is written to stderr when the script ends.
---@param timeout? ave.Seconds 0 raises at once if the task is still running. Default: no limit.
---@return any ...
function Task:join(timeout) end

return task
