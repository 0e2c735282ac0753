---@meta ave.network.exceptions

--- Errors of connections.
---
--- They are never sent over the network. If a method of a service fails with one of
--- them, the client gets an `AveException` with the details `cause`, a table with
--- `type` and `message`, and `service`, the address of that service. All are
--- children of `Exception`. If they are made without a message, as in
--- `ConnectionClosed()`, they have the message below, as in the document.
local exceptions = {}

--- The connection was closed by this side or by the peer. Message: "connection
--- closed".
---@class ave.ConnectionClosed: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionClosed
local ConnectionClosed = {}
exceptions.ConnectionClosed = ConnectionClosed

--- Connecting, reading or writing took too long. Message: "timed out".
---@class ave.ConnectionTimeout: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionTimeout
local ConnectionTimeout = {}
exceptions.ConnectionTimeout = ConnectionTimeout

--- The connection could not be made. Message: "connection refused".
---@class ave.ConnectionRefused: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionRefused
local ConnectionRefused = {}
exceptions.ConnectionRefused = ConnectionRefused

--- A non-blocking attempt to connect is not finished. Message: "connection in
--- progress".
---@class ave.ConnectionInProgress: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionInProgress
local ConnectionInProgress = {}
exceptions.ConnectionInProgress = ConnectionInProgress

--- A non-blocking operation must be continued later. Message: "connection again".
---@class ave.ConnectionAgain: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionAgain
local ConnectionAgain = {}
exceptions.ConnectionAgain = ConnectionAgain

--- The peer reset the connection. Message: "connection reset".
---@class ave.ConnectionReset: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionReset
local ConnectionReset = {}
exceptions.ConnectionReset = ConnectionReset

--- The name of the peer's host is unknown. Message: "unknown host". It is not in
--- the document, whose clients cannot tell this from a service that has not started
--- yet.
---@class ave.ConnectionUnknownHost: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionUnknownHost
local ConnectionUnknownHost = {}
exceptions.ConnectionUnknownHost = ConnectionUnknownHost

return exceptions
