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
---     local client = require("ave.broker").connect{ address = { "", port } }
---     local phone, workspace = client:get({ type = "handset" }, { type = "workspace" })
---     phone.profile.serial    --> "0001"
---     workspace:run("uname")  --> 0, "Linux\r\n"
---     client:close()
---
--- The account `admin` of `alt_keys` may make the calls that say so below, and
--- may not lease. A laboratory adds calls of its own in a child of the class;
--- what it runs day by day is started by scripts/broker.lua. docs/broker.md is
--- about both.
---
--- **Stacks** are equipment that belongs together. What a client asks for at once
--- comes from one stack if stacks have these types, and the rest of the stack is
--- its collateral: nobody else gets it.
---
--- **Sessions** are processes that have a client's resources. Each client has one,
--- from the first resource until it has given back everything or has gone.
---
--- **Restarts**: a broker that is made with `takeover = true` takes the place of the
--- one that runs on the port, and no client notices. One that was killed is started
--- again with the same `state_file`: sessions live on meanwhile, and clients that
--- have enrolled come back.
local broker = {}

--- What `Broker` takes beside the options of `Control`.
---@class ave.BrokerOptions: ave.ControlOptions
---@field equipment? (ave.Profile|table)[] What the broker leases. Every profile must have a `type`.
---@field stacks? (ave.Profile|table)[][] Equipment that belongs together. What is not in `equipment` is equipment nevertheless.
---@field resources? table<string, table|string> Resource classes by type, or the names of modules. Those for `workspace` and `command` are there.
---@field workspace? table The properties of workspaces beside their type.
---@field remotes? ave.BrokerPeer[] Brokers that are asked for what this one cannot lease.
---@field share_with? ave.BrokerPeer The broker that `start_sharing` offers the equipment to.
---@field state_file? string Where the state is kept, so that it survives the broker's death. Default: nowhere.
---@field log_file? string Where the output of the broker and its sessions is appended. Default: where it goes already.
---@field session_directory? string Where sessions have their directories. Default: $TMPDIR or /tmp.
---@field grace? ave.Seconds How long a client may be away after a death of the broker, and a broker that forwards after a loss of its connection. Default: 30.

--- Another broker.
---@class ave.BrokerPeer
---@field host? string Default: this host.
---@field port integer
---@field authkey? string

--- What the RPCs say of a lease.
---@class ave.LeaseRow
---@field lease integer Its number.
---@field profile table The full profile.
---@field host? string Where the resource is served; "" is the broker's host.
---@field port? integer Nil if the type has no resource class.
---@field authkey? string The key of the session there.
---@field resource? integer The first argument of the session's `invoke`.

--- The class of brokers. It is used as it is, or made a parent of one that has
--- more methods. A child that implements `initialize`, `redirect`, `tick`,
--- `lost_connection`, `joined_process`, `serialize` or `adopt` calls the parent's.
---@class ave.Broker: ave.Control
---@overload fun(options: ave.BrokerOptions): ave.Broker
local Broker = {}
broker.Broker = Broker

--- Leases what matches the profiles, a different piece for each.
---
--- A client that asks in vain loses what it has leased: two clients that each
--- hold what the other one wants would otherwise wait for ever.
---
--- Raises `TypeError` for something that is no profile or has no `type`, and for
--- more than 1000 profiles, `NoSuch` if no equipment could ever match all of them,
--- `Busy` if it could but somebody leased it, `AuthError` for an administrator, and
--- `Restarting` between `begin_handover` and `end_handover`.
---@param ... ave.Profile|table What is wanted.
---@return table[] profiles The full profiles of what was leased, in the order of the request.
function Broker:get(...) end

--- Leases as `get` does, and says where the resources are served.
---@param ... ave.Profile|table What is wanted.
---@return ave.LeaseRow[] rows
function Broker:get_resources(...) end

--- Leases as `get` does.
---@param profiles (ave.Profile|table)[] What is wanted.
---@param reason? string What for. People see it. At most 1000 bytes.
---@param via? string[] The brokers that were asked before. For brokers alone.
---@return ave.LeaseRow[] rows Without where they are served.
function Broker:lease(profiles, reason, via) end

--- Leases as `lease` does, and waits if the equipment is busy. Who waits first is
--- served first, and what a large request will need is kept for it. The wait goes
--- on when the broker is restarted.
---
--- Raises `Busy` when the time is over, and what `get` raises. A client that waits
--- keeps what it has until then.
---@param profiles (ave.Profile|table)[] What is wanted.
---@param timeout ave.Seconds
---@param reason? string What for.
---@return ave.LeaseRow[] rows Without where they are served.
function Broker:wait_for(profiles, timeout, reason) end

--- Opens the resources of leases, if they are not open, and says where. The first
--- one starts the client's session.
---
--- Raises `NoSuch` for a lease that the client does not have, and what the
--- resource class raises.
---@param leases integer[] Their numbers.
---@return ave.LeaseRow[] rows
function Broker:serve(leases) end

--- Gives back one leased piece for each profile, or everything if there are no
--- profiles. It returns when the resources are closed.
---
--- Raises `NoSuch` if the client has leased nothing that matches.
---@param ... ave.Profile|table What is given back.
function Broker:yield_resources(...) end

--- Gives back leases. Those that the client does not have are passed over.
---@param leases integer[] Their numbers.
function Broker:yield_leases(leases) end

--- Lists what the calling client has leased.
---@return table[] profiles
function Broker:list_allocations() end

--- Lists what all clients have leased. An entry has the `profile`, the address of
--- the `client` as {host, port}, its `client_id` and `accounts`, `since`, in
--- seconds of the epoch, the `reason`, and as `remote` the other broker that has
--- it. One without a `client_id` is just being closed.
---@return table[] allocations
function Broker:list_allocations_all() end

--- Lists what nobody else can lease because the client has another piece of its
--- stack.
---@return table[] profiles
function Broker:list_collateral() end

--- Lists the collateral of all clients: the `profile`, the `client` and its
--- `client_id`.
---@return table[] collateral
function Broker:list_collateral_all() end

--- Gives the client a token by which it can come back with `reclaim`.
---@param linger? ave.Seconds How long its leases are kept when the connection is lost, at most `grace`. Default: 0.
---@return string token
function Broker:enroll(linger) end

--- Makes the calling connection that of the client with the token. What was leased
--- by this connection as another client is given back.
---
--- Raises `NoSuch` if there is no such client, or not any more.
---@param token string
---@param leases integer[] The leases that the client knows of. Any others are given back.
---@return ave.LeaseRow[] rows What it has.
function Broker:reclaim(token, leases) end

--- The equipment, allocations and collateral in one table, for those who watch the
--- lab.
---@return table state
function Broker:serialize() end

--- Lists the equipment of the broker, leased or not. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_equipment(profile) end

--- Lists the equipment that can be leased: nobody has it, neither as collateral,
--- nor is it kept for somebody who waits. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_available(profile) end

--- Lists the stacks. For administrators.
---@return table[][] stacks
function Broker:list_stacks() end

--- Lists who waits, in their order: `profiles`, `client`, `client_id`, `since`,
--- `reason`, and `left`, in seconds. For administrators.
---@return table[] waiting
function Broker:list_waiting() end

--- The broker in numbers: `pid`, `uptime`, `equipment`, `available`, `leases`,
--- `sessions`, `waiting` and more. For administrators.
---@return table status
function Broker:status() end

--- Takes everything from a client, which stays connected. For administrators.
---
--- Raises `NoSuch` if there is no such client.
---@param client_id string As `list_allocations_all` shows it.
function Broker:close_session(client_id) end

--- Leases nothing from now on; clients get `Restarting`. What they have stays
--- theirs. A takeover does not need it. For administrators.
function Broker:begin_handover() end

--- Leases again. For administrators.
function Broker:end_handover() end

--- Ends the broker and all sessions, and removes the `state_file`. Every client
--- gets an `Exit`. For administrators.
function Broker:stop() end

--- Offers the equipment to the broker `share_with`, until `stop_sharing`. For
--- administrators.
---
--- Raises `Exception` if no such broker is configured, and what calling it raises.
function Broker:start_sharing() end

--- Withdraws the offer. What was leased stays so. For administrators.
function Broker:stop_sharing() end

--- Lists the brokers that share with this one: {host =, port =}. For
--- administrators.
---@return table[] shares
function Broker:list_shares() end

--- Forwards nothing more to a broker that shares. What was leased there stays so.
--- For administrators.
---
--- Raises `NoSuch` if there is no such share.
---@param host_name string As `list_shares` shows it.
---@param port integer
function Broker:drop_share(host_name, port) end

--- Drops all shares. For administrators.
---@return integer n How many there were.
function Broker:drop_all_shares() end

--- Takes the offer of another broker, which listens on the caller's host. For the
--- account `share`.
---@param port integer
---@param authkey? string The key by which this broker can call it.
---@param anew? boolean Offer it also if it was dropped.
function Broker:share(port, authkey, anew) end

--- Tells whether the caller's offer stands. For the account `share`.
---@return boolean
function Broker:is_shared() end

--- The process that has a client's resources. The broker starts it.
---@class ave.Session: ave.Control
local Session = {}
broker.Session = Session

--- Calls a method of a resource.
---@param resource integer
---@param method string
---@param arguments any[]
---@return any
function Session:invoke(resource, method, arguments) end

--- Opens a resource. For the broker.
---@param resource integer
---@param profile table
function Session:open(resource, profile) end

--- Closes a resource, which need not be open. For the broker.
---@param resource integer
function Session:close(resource) end

--- Tells what is open, and how many connections the client has. For the broker.
---@return table status
function Session:status() end

--- Options of `connect`.
---@class ave.ConnectOptions
---@field address ave.Address Where the broker is.
---@field authkey? string
---@field timeout? ave.Seconds How long connecting may take. Default: 5.
---@field patience? ave.Seconds How long the broker may be away, if it was killed, before a call raises `Restarting`. Default: 30.
---@field linger? ave.Seconds How long the broker keeps what was leased when the connection is lost. Default: 0.
---@field call_timeout? ave.Seconds How long a call of the broker may take. Default: for ever.
---@field resources? table<string, table|string> As the broker has them, for the client's side of their methods.

--- A client of a broker. If the broker was killed, it connects again with the
--- next call and is the same client; if the broker does not know it any more, the
--- call raises `Restarting`. There is no such class in the module.
---
--- `get` returns a handle for each profile. `request` takes a list of profiles
--- that may also have the fields `wait`, in seconds, and `reason`, and returns a
--- list:
---
---     client:request{ { type = "relay" }, wait = 60, reason = "nightly" }
---
--- `yield` gives back handles, or everything. `list` returns the profiles of what
--- is leased, `call` calls any RPC of the broker, and `close` disconnects.
---@class ave.BrokerClient
---@field get fun(self: ave.BrokerClient, ...: table): ave.Handle ...
---@field request fun(self: ave.BrokerClient, wanted: table): ave.Handle[]
---@field yield fun(self: ave.BrokerClient, ...: ave.Handle)
---@field list fun(self: ave.BrokerClient): table[]
---@field call fun(self: ave.BrokerClient, method: string, ...: any): any
---@field close fun(self: ave.BrokerClient)

--- What a client has leased. Every other name is a method of the resource. There
--- is no such class in the module.
---
--- A `workspace` is a directory on the broker's host: `run(command, options)`, with
--- the options `timeout` and `env`, returns status and output; `put_file(path,
--- content)`, `get_file(path)`, `list(path)` and `get_path()`. A `command` has
--- `run(...)`, whose arguments are added to the command in its profile.
---@class ave.Handle
---@field profile table The full profile.
---@field lease integer
---@field yield fun(self: ave.Handle) Gives it back.
---@field call fun(self: ave.Handle, method: string, ...: any): any Calls a method of the resource.
---@field [string] fun(self: ave.Handle, ...: any): any The methods of the resource.

--- Connects to a broker, and enrolls.
---
--- Raises what connecting raises, `AuthError` for an administrator, and `TypeError`.
---@param options ave.ConnectOptions
---@return ave.BrokerClient
function broker.connect(options) end

--- Reads the configuration of a lab, as options of a broker: broker.json,
--- authkeys.json, workspace.json and handset.json.
---
--- Raises `Exception` if one of them is missing or wrong.
---@param home string The directory above `.ave/config`.
---@return ave.BrokerOptions options
function broker.configure(home) end

--- The equipment exists and is leased by somebody.
---@class ave.Busy: ave.AveException
---@overload fun(details: string|ave.Details): ave.Busy
local Busy = {}
broker.Busy = Busy

--- No equipment would ever match.
---@class ave.NoSuch: ave.AveException
---@overload fun(details: string|ave.Details): ave.NoSuch
local NoSuch = {}
broker.NoSuch = NoSuch

return broker
