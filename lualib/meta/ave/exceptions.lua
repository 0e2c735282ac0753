---@meta ave.exceptions

--- Errors that have a name on the wire.
---
--- An error object has its details as fields: `err.type`, `err.message`,
--- `err.trace` and whatever else it was made with. It is raised by `error` and
--- caught by `pcall`. A service sends it to the caller, where it is raised again
--- as the same class.
---
---     local ok, err = pcall(remote.get, remote, wanted)
---     if not ok and err:is("Busy") then ... end
---
--- As text it is the message. If it came from a service, the text goes on with
--- the line "Server side traceback:" and where it was raised there.
---
--- The classes of ave.network.exceptions work in the same way.
local exceptions = {}

--- What an error is made with: a table with a message and anything else that
--- JSON has a form for.
---@class ave.Details
---@field message string
---@field type? string The name of the class. Default: that of the class that is called.
---@field trace? any[] Where it was raised: a list of {file, line, function, source}, outermost first.
---@field [string] any

--- What all errors have in common. It is the parent of `Exception`, and is not
--- in the module.
---@class ave.Raisable: ave.Class
---@field type string The name of the class.
---@field message string
---@field trace? any[] Where it was raised, if it came from a service.
---@field details table<string, any> All of these in one table.
---@field [string] any Everything else that it was made with.
local Raisable = {}

--- The constructor: `Timeout("too late")`, or `Timeout{ message = "too late",
--- unit = "b" }`. `RunError` has one of its own.
---
--- Raises `TypeError` if there is no message, or if a key is not a string.
---@param details string|ave.Details
---@param ... any What `RunError` takes besides.
function Raisable:init(details, ...) end

--- Returns where the error was raised in a service, as lines of text, or "" if
--- it did not come from one.
---@return string
function Raisable:format_trace() end

--- Makes a class of a service's own. An error of it crosses the wire and comes
--- back as itself; a client that does not know the class gets an `AveException`
--- with that type and all details.
---
---     local Busy = exceptions.define("Busy")
---     error(Busy("all handsets are leased"))
---
--- The classes belong to the program and not to a script: defining one again
--- gives the one that there is. Not in the document.
---
--- Raises `Exception` if the name is not an identifier, or is taken by a class
--- with another parent.
---@param name string
---@param parent? ave.Exception The class of an error. Default: `AveException`.
---@return ave.AveException class
function exceptions.define(name, parent) end

--- Any error: one without a class of its own, or what a service has sent as a
--- bare text.
---@class ave.Exception: ave.Raisable
---@overload fun(details: string|ave.Details): ave.Exception
local Exception = {}
exceptions.Exception = Exception

--- A wrong argument, here or in a call of a service. Python's own.
---@class ave.TypeError: ave.Exception
---@overload fun(details: string|ave.Details): ave.TypeError
local TypeError = {}
exceptions.TypeError = TypeError

--- A message that is longer than the other side takes. Python's own.
---@class ave.OverflowError: ave.Exception
---@overload fun(details: string|ave.Details): ave.OverflowError
local OverflowError = {}
exceptions.OverflowError = OverflowError

--- The operating system has refused something. Python's own.
---@class ave.OSError: ave.Exception
---@field errno string The name of the reason, such as "ENOENT".
---@field path? string The file that it is about.
---@overload fun(details: string|ave.Details): ave.OSError
local OSError = {}
exceptions.OSError = OSError

--- The parent of AVE's own exceptions, and what an unknown type from a service
--- becomes.
---@class ave.AveException: ave.Exception
---@overload fun(details: string|ave.Details): ave.AveException
local AveException = {}
exceptions.AveException = AveException

--- An operation timed out.
---@class ave.Timeout: ave.AveException
---@overload fun(details: string|ave.Details): ave.Timeout
local Timeout = {}
exceptions.Timeout = Timeout

--- The service has terminated in a controlled manner. A method of a service
--- that raises it ends the service.
---@class ave.Exit: ave.AveException
---@overload fun(details: string|ave.Details): ave.Exit
local Exit = {}
exceptions.Exit = Exit

--- The handshake with a service failed.
---@class ave.AuthError: ave.AveException
---@overload fun(details: string|ave.Details): ave.AuthError
local AuthError = {}
exceptions.AuthError = AuthError

--- An external program has failed: `RunError(cmd, out, message)`. As text it is
--- the command, the message and the output.
---@class ave.RunError: ave.AveException
---@field cmd string|string[] The command that was passed to `ave.cmd.run`.
---@field out string The output that it produced.
---@field ptyout string The same; its older name.
---@overload fun(cmd: string|string[], out: string, message?: string): ave.RunError
---@overload fun(details: ave.Details): ave.RunError
local RunError = {}
exceptions.RunError = RunError

--- The service has restarted, and this instance takes no more calls.
---@class ave.Restarting: ave.AveException
---@overload fun(details: string|ave.Details): ave.Restarting
local Restarting = {}
exceptions.Restarting = Restarting

--- A background activity, such as flashing a handset, has terminated.
---@class ave.Terminated: ave.AveException
---@overload fun(details: string|ave.Details): ave.Terminated
local Terminated = {}
exceptions.Terminated = Terminated

--- A handset is offline.
---@class ave.Offline: ave.AveException
---@overload fun(details: string|ave.Details): ave.Offline
local Offline = {}
exceptions.Offline = Offline

--- The composition server answered with a status other than 200.
---@class ave.CompositionServerResponseNot200Exception: ave.AveException
---@overload fun(details: string|ave.Details): ave.CompositionServerResponseNot200Exception
local CompositionServerResponseNot200Exception = {}
exceptions.CompositionServerResponseNot200Exception = CompositionServerResponseNot200Exception

--- The composition server answered with 502, 503 or 504, and should be asked
--- again.
---@class ave.CompositionServerResponseHttpRetryCode: ave.AveException
---@overload fun(details: string|ave.Details): ave.CompositionServerResponseHttpRetryCode
local CompositionServerResponseHttpRetryCode = {}
exceptions.CompositionServerResponseHttpRetryCode = CompositionServerResponseHttpRetryCode

--- The composition server could not carry out the order.
---@class ave.CompositionServerResponseOrderFailed: ave.AveException
---@overload fun(details: string|ave.Details): ave.CompositionServerResponseOrderFailed
local CompositionServerResponseOrderFailed = {}
exceptions.CompositionServerResponseOrderFailed = CompositionServerResponseOrderFailed

--- The images of a composition could not be downloaded.
---@class ave.CompositionDownloadImagesFailed: ave.AveException
---@overload fun(details: string|ave.Details): ave.CompositionDownloadImagesFailed
local CompositionDownloadImagesFailed = {}
exceptions.CompositionDownloadImagesFailed = CompositionDownloadImagesFailed

return exceptions
