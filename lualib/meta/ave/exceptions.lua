---@meta ave.exceptions

--- Error classes. An error keeps its class when it is sent over the network.
---
--- An error object has its details as fields: `err.type`, `err.message`,
--- `err.trace`, and all others that it was made with. Raise it with `error` and
--- catch it with `pcall`. If a method of a service raises it, it is raised in the
--- client as the same class.
---
---     local ok, err = pcall(remote.get, remote, wanted)
---     if not ok and err:is("Busy") then ... end
---
--- `tostring` gives the message. If the error came from a service, a line "Server
--- side traceback:" follows, and where the error was raised there.
--- `"failed: " .. err` works too.
---
--- The classes in `ave.network.exceptions` work in the same way.
local exceptions = {}

--- The details of an error: a message, and anything else that can be encoded as
--- JSON.
---@class ave.Details
---@field message string What happened.
---@field type? string The type name that is sent over the network. The object belongs to the class that made it, whatever this says. Default: the name of that class.
---@field trace? any[] Where it was raised: a list of {file, line, function, source}, outermost first.
---@field [string] any

--- What all errors have in common. It is the parent of `Exception`. The module does
--- not contain it.
---@class ave.Raisable: ave.Class
---@operator concat(any): string
---@field type string The name of the class.
---@field message string What happened.
---@field trace? any[] Where it was raised, if it came from a service.
---@field details table<string, any> All details in one table.
---@field [string] any All other details.
local Raisable = {}

--- The constructor: `Timeout("too late")`, or
--- `Timeout{ message = "too late", unit = "b" }`. `RunError` takes other arguments.
---
--- Raises `TypeError` if there is no message, or if a key is not a string.
---@param details string|ave.Details
---@param ... any Only for `RunError`.
function Raisable:init(details, ...) end

--- Returns where the error was raised in a service, as lines of text; "" if it did
--- not come from a service.
---@return string
function Raisable:format_trace() end

--- Makes an error class for a service. An error of it keeps its class in clients
--- that define the class too. Other clients get an `AveException` with that type
--- and all details.
---
---     local Busy = exceptions.define("Busy")
---     error(Busy("all handsets are leased"))
---
--- Defining a class a second time returns the existing class. Not in the document.
---
--- Raises `Exception` if the name is not an identifier, or if a class of that name
--- has another parent.
---@param name string The name of the class, which is also the type of its errors.
---@param parent? ave.Exception An error class. Default: `AveException`.
---@return ave.AveException class
function exceptions.define(name, parent) end

--- Any error: the parent of all other classes, and the class of errors that have
--- none of their own. What a service sends as bare text is an `Exception`.
---@class ave.Exception: ave.Raisable
---@overload fun(details: string|ave.Details): ave.Exception
local Exception = {}
exceptions.Exception = Exception

--- A wrong argument, here or in a call to a service. The name is Python's.
---@class ave.TypeError: ave.Exception
---@overload fun(details: string|ave.Details): ave.TypeError
local TypeError = {}
exceptions.TypeError = TypeError

--- Something is larger than its limit, such as a message that is longer than the
--- other side accepts. The name is Python's.
---@class ave.OverflowError: ave.Exception
---@overload fun(details: string|ave.Details): ave.OverflowError
local OverflowError = {}
exceptions.OverflowError = OverflowError

--- The operating system refused something. The name is Python's.
---@class ave.OSError: ave.Exception
---@field errno string The name of the error, such as "ENOENT".
---@field path? string The file, if the error is about one.
---@overload fun(details: string|ave.Details): ave.OSError
local OSError = {}
exceptions.OSError = OSError

--- The parent of AVE's own exceptions. An error of an unknown type from a service
--- becomes an `AveException`.
---@class ave.AveException: ave.Exception
---@overload fun(details: string|ave.Details): ave.AveException
local AveException = {}
exceptions.AveException = AveException

--- An operation timed out.
---@class ave.Timeout: ave.AveException
---@overload fun(details: string|ave.Details): ave.Timeout
local Timeout = {}
exceptions.Timeout = Timeout

--- The service was shut down in a controlled way. If a method of a service raises
--- it or a child of it, the service ends. An error of another class does not end
--- it, even if its details have the type "Exit".
---@class ave.Exit: ave.AveException
---@overload fun(details: string|ave.Details): ave.Exit
local Exit = {}
exceptions.Exit = Exit

--- The handshake with a service failed, or the client's key does not allow it to
--- call a method. In the second case the error has the fields `method` and, if they
--- are known, `accounts`: the accounts whose key would be accepted.
---@class ave.AuthError: ave.AveException
---@overload fun(details: string|ave.Details): ave.AuthError
local AuthError = {}
exceptions.AuthError = AuthError

--- An external program failed. It is made by `RunError(cmd, out, message)`, or, as
--- every error, from one argument: a message or details. Each of `cmd`, `out`,
--- `ptyout` and `message` that is not given is "". As text it is the command, the
--- message and the output; without command and output, only the message.
---@class ave.RunError: ave.AveException
---@field cmd string|string[] The command that was passed to `ave.cmd.run`.
---@field out string The output that it produced.
---@field ptyout string The older name of `out`.
---@overload fun(cmd?: string|string[], out?: string, message?: string): ave.RunError
---@overload fun(details: string|table<string, any>): ave.RunError
local RunError = {}
exceptions.RunError = RunError

--- The service is restarting or has restarted, and this instance accepts no more
--- calls.
---@class ave.Restarting: ave.AveException
---@overload fun(details: string|ave.Details): ave.Restarting
local Restarting = {}
exceptions.Restarting = Restarting

--- A background activity, such as flashing a handset or a task, was terminated.
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

--- The composition server answered with status 502, 503 or 504. Send the request
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
