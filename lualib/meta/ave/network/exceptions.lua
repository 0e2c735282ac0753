---@meta ave.network.exceptions

--- What can go wrong on a connection, as a client sees it.
---
--- These are never sent over the network. All are children of `Exception`, and
--- have the message below if they are made without one, as the document says:
--- `ConnectionClosed()`.
local exceptions = {}

--- The connection was closed, by either side. "connection closed".
---@class ave.ConnectionClosed: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionClosed
local ConnectionClosed = {}
exceptions.ConnectionClosed = ConnectionClosed

--- Nothing could be read from the connection, or written to it, in time.
--- "timed out".
---@class ave.ConnectionTimeout: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionTimeout
local ConnectionTimeout = {}
exceptions.ConnectionTimeout = ConnectionTimeout

--- The other end refused the connection. "connection refused".
---@class ave.ConnectionRefused: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionRefused
local ConnectionRefused = {}
exceptions.ConnectionRefused = ConnectionRefused

--- A non-blocking attempt to connect is under way. "connection in progress".
---@class ave.ConnectionInProgress: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionInProgress
local ConnectionInProgress = {}
exceptions.ConnectionInProgress = ConnectionInProgress

--- A non-blocking operation must be continued later. "connection again".
---@class ave.ConnectionAgain: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionAgain
local ConnectionAgain = {}
exceptions.ConnectionAgain = ConnectionAgain

--- The other end broke the connection off. "connection reset".
---@class ave.ConnectionReset: ave.Exception
---@overload fun(details?: string|ave.Details): ave.ConnectionReset
local ConnectionReset = {}
exceptions.ConnectionReset = ConnectionReset

return exceptions
