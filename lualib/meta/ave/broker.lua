---@meta ave.broker

--- A service that leases equipment to clients.
---
--- Equipment is described by profiles, and a client asks for what it needs by
--- profiles, too. It gets all of it or nothing. A lease lasts until the client
--- gives it back or disconnects, however it does so.
---
---     local Broker = require("ave.broker").Broker
---     local socket, port = connection.find_free_port()
---     local broker = Broker{
---         port = port, socket = socket,
---         alt_keys = { admin = "admin key" },
---         equipment = { { type = "handset", serial = "0001" } },
---     }
---     broker:start{ synchronize = true }
---
---     local client = RemoteControl({ "", port })
---     client:get{ type = "handset" } --> { { type = "handset", serial = "0001" } }
---
--- The account `admin` of `alt_keys` may make the calls that say so below, and
--- may not lease. A laboratory adds calls of its own in a child of the class.
local broker = {}

--- What `Broker` takes beside the options of `Control`.
---@class ave.BrokerOptions: ave.ControlOptions
---@field equipment? (ave.Profile|table)[] What the broker leases. Every profile must have a `type`.

--- The class of brokers. It is used as it is, or made a parent of one that has
--- more methods.
---@class ave.Broker: ave.Control
---@overload fun(options: ave.BrokerOptions): ave.Broker
local Broker = {}
broker.Broker = Broker

--- Leases what matches the profiles, a different piece for each.
---
--- A client that asks in vain loses what it has leased: two clients that each
--- hold what the other one wants would otherwise wait for ever.
---
--- Raises `TypeError` for something that is no profile or has no `type`,
--- `NoSuch` if the broker has no equipment that could ever match all profiles,
--- `Busy` if it has but somebody leased it, and `AuthError` for an
--- administrator.
---@param ... ave.Profile|table What is wanted.
---@return table[] profiles The full profiles of what was leased, in the order of the request.
function Broker:get(...) end

--- Gives back one leased piece for each profile, or everything if there are no
--- profiles.
---
--- Raises `NoSuch` if the client has leased nothing that matches.
---@param ... ave.Profile|table What is given back.
function Broker:yield_resources(...) end

--- Lists what the calling client has leased.
---@return table[] profiles
function Broker:list_allocations() end

--- Lists what all clients have leased. An entry has the `profile`, the address
--- of the `client` as {host, port}, and `since`, in seconds of the epoch.
---@return table[] allocations
function Broker:list_allocations_all() end

--- Lists the equipment of the broker, leased or not. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_equipment(profile) end

--- Lists the equipment that nobody has leased. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_available(profile) end

--- Ends the broker. Every client gets an `Exit`. For administrators.
function Broker:stop() end

--- The equipment exists and is leased by somebody.
---@class ave.Busy: ave.AveException
---@overload fun(details: string|ave.Details): ave.Busy
local Busy = {}
broker.Busy = Busy

--- No equipment of the broker would ever match.
---@class ave.NoSuch: ave.AveException
---@overload fun(details: string|ave.Details): ave.NoSuch
local NoSuch = {}
broker.NoSuch = NoSuch

return broker
