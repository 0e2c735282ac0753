---@meta ave.broker

--- A service that leases equipment to clients.
---
--- Profiles describe the equipment, and also what a client asks for. A client gets
--- everything that it asks for, or nothing. A lease ends when the client gives it
--- back or when its connection ends for any reason.
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
--- Some calls below are for administrators: clients with the key of the account
--- `admin` in `alt_keys`. Administrators cannot lease. A lab that wants calls of
--- its own makes a child of the class. For daily use, scripts/broker.lua starts a
--- broker from configuration files. docs/broker.md describes both.
---
--- **Who can connect**: a broker without an `authkey` listens on the loopback
--- address only, so only clients on this host can connect, whatever `socket` it is
--- given. With a key or with `open` it listens on all addresses, or on the address
--- `listen`.
---
--- **Stacks** are groups of equipment that belong together. If stacks have the
--- types that a request names, the whole request is served from one stack. The rest
--- of that stack becomes the client's collateral: nobody else can lease it.
---
--- **Sessions** are processes that hold a client's resources. Each client has one
--- session, from its first resource until it gives everything back or disconnects.
---
--- **Restarts**: a broker made with `takeover = true` replaces the broker that is
--- running on the port, and no client notices. After a broker was killed, start it
--- again with the same `state_file`: its sessions keep running in the meantime, and
--- clients that have enrolled come back.
local broker = {}

--- The options of `Broker`, in addition to those of `Control`.
---@class ave.BrokerOptions: ave.ControlOptions
---@field listen? string The IP address to listen on. An address that other hosts can reach needs `authkey` or `open`. Default: all addresses with either of these, otherwise "127.0.0.1".
---@field open? boolean Let clients on other hosts lease equipment, and so run commands, without a key. Cannot be used together with `authkey`. Default: false.
---@field account? string The account that sessions run as, with their workspaces and commands. Only root can name an account other than its own. Default: the broker's account.
---@field equipment? (ave.Profile|table)[] The equipment that the broker leases. Every profile must have a `type`.
---@field stacks? (ave.Profile|table)[][] Groups of equipment that belong together. They need not be listed in `equipment` too.
---@field resources? table<string, table|string> The resource class of each type, or the name of a module that returns it. `workspace` and `command` have one already.
---@field workspace? table The properties of workspaces besides their type.
---@field remotes? ave.BrokerPeer[] Other brokers, which are asked for what this broker cannot lease.
---@field share_with? ave.BrokerPeer The broker that `start_sharing` offers the equipment to.
---@field state_file? string The file that keeps the state, so that a broker that is started after a crash can go on. Only one broker at a time can use the file. Default: the state is not kept.
---@field log_file? string The file that the output of the broker and its sessions is appended to. Default: the output is not redirected.
---@field session_directory? string The directory in which sessions make theirs. Default: $TMPDIR or /tmp.
---@field grace? ave.Seconds How long leases are kept for a client after the broker was killed, and for a forwarding broker after its connection was lost. Default: 30.

--- The address of another broker.
---@class ave.BrokerPeer
---@field host? string Default: this host.
---@field port integer
---@field authkey? string Its primary key. Default: none.

--- A lease, as RPCs return it.
---@class ave.LeaseRow
---@field lease integer The number of the lease.
---@field profile table The full profile.
---@field host? string The host that serves the resource; "" is the broker's host.
---@field port? integer The port of the session. Nil if the type has no resource class.
---@field authkey? string The key of the session.
---@field resource? integer The first argument of the session's `invoke`.

--- The class of brokers. Use it as it is, or make a child of it with more methods.
--- A child that implements `initialize`, `redirect`, `tick`, `lost_connection`,
--- `joined_process`, `serialize` or `adopt` must call the parent's method in it.
---@class ave.Broker: ave.Control
---@overload fun(options: ave.BrokerOptions): ave.Broker
local Broker = {}
broker.Broker = Broker

--- Leases one piece of equipment for each profile.
---
--- After `NoSuch` or `Busy`, the client loses everything that it has leased before.
--- Otherwise two clients could wait for each other without end, each holding what
--- the other one needs.
---
--- Raises:
---
--- * `TypeError` for something that is not a profile, for a profile without a
---   `type`, and for more than 1000 profiles.
--- * `NoSuch` if no equipment could ever match all profiles, and `Busy` if it could
---   but is leased by others.
--- * `AuthError` if the client is an administrator.
--- * `Restarting` between `begin_handover` and `end_handover`.
--- * `Exception` if the broker's disk is full. Nothing has changed then, and the
---   client keeps what it had.
---@param ... ave.Profile|table The profiles to match.
---@return table[] profiles The full profiles of what was leased, in the order of the request.
function Broker:get(...) end

--- Leases as `get` does, and returns where the resources are served.
---@param ... ave.Profile|table The profiles to match.
---@return ave.LeaseRow[] rows
function Broker:get_resources(...) end

--- Leases as `get` does.
---@param profiles (ave.Profile|table)[] The profiles to match.
---@param reason? string What the client needs it for. It is shown to others. At most 1000 bytes.
---@param via? string[] The brokers that were asked before. Only brokers give it.
---@return ave.LeaseRow[] rows The leases, without `host`, `port`, `authkey` and `resource`: see `serve`.
function Broker:lease(profiles, reason, via) end

--- Leases as `get` does, for a host of a fleet, with the token of its claim.
---
--- For each piece, the broker keeps the highest token that it was leased with, on the
--- disk, and refuses the same token and lower ones, except that a client which has
--- leased just this with the token gets it again. A higher token ends a lease with a
--- lower one: its client loses everything, and the call waits until its session has
--- ended, for up to 20 seconds. Leases without a token are never ended, and the request
--- is not forwarded to other brokers.
---
--- Raises what `get` raises, and `Stale` for a token that is too low. After `Stale` the
--- client has lost everything, too.
---@param profiles (ave.Profile|table)[] The profiles to match.
---@param token string "SEQ.INDEX", such as "12.0". Tokens are compared by SEQ, then by INDEX.
---@param reason? string As for `lease`.
---@return ave.LeaseRow[] rows As for `lease`.
function Broker:claim(profiles, token, reason) end

--- Leases as `lease` does, and waits if the equipment is busy. Clients are served
--- in the order in which they came, and equipment is held back for a large request
--- that waits. The wait continues when the broker is restarted.
---
--- Raises `Busy` after the timeout, and what `get` raises. While it waits, the
--- client keeps what it has leased.
---@param profiles (ave.Profile|table)[] The profiles to match.
---@param timeout ave.Seconds 0 does not wait: leased equipment raises `Busy` at once.
---@param reason? string As for `lease`.
---@return ave.LeaseRow[] rows As for `lease`.
function Broker:wait_for(profiles, timeout, reason) end

--- Opens the resources of leases, unless they are open already, and returns where
--- they are served. The first resource starts the client's session.
---
--- Raises `NoSuch` for a lease that the client does not have, and what the resource
--- class raises.
---@param leases integer[] The numbers of the leases.
---@return ave.LeaseRow[] rows
function Broker:serve(leases) end

--- Gives back one leased piece for each profile, or everything if no profile is
--- given. It returns when the resources are closed. A session that has not closed
--- them after 10 seconds is ended.
---
--- Raises `NoSuch` if nothing that the client has leased matches, and `Exception`
--- if the broker's disk is full; the client then still has everything.
---@param ... ave.Profile|table What to give back.
function Broker:yield_resources(...) end

--- Gives back leases, as `yield_resources` does. Leases that the client does not
--- have are ignored.
---@param leases integer[] The numbers of the leases.
function Broker:yield_leases(leases) end

--- Lists what the calling client has leased.
---@return table[] profiles
function Broker:list_allocations() end

--- Lists what all clients have leased. Each entry has the `profile`, the address of
--- the `client` as {host, port}, its `client_id` and `accounts`, the time `since`
--- in seconds since 1970, the `reason`, and in `remote` the broker that the
--- equipment belongs to, if it is another one. `token` is that of a fleet's claim. An
--- entry without a `client_id` is just being closed.
---@return table[] allocations
function Broker:list_allocations_all() end

--- Lists the equipment of the broker, and who has it.
---@return ave.BrokerInventory inventory
function Broker:inventory() end

--- Lists the client's collateral: what nobody else can lease because the client has
--- leased another piece of the same stack.
---@return table[] profiles
function Broker:list_collateral() end

--- Lists the collateral of all clients. Each entry has the `profile`, the `client`
--- and its `client_id`.
---@return table[] collateral
function Broker:list_collateral_all() end

--- Gives the client a token. With it the client can come back on another
--- connection: see `reclaim`.
---
--- A client with `contact` must call something within that time, such as `beat`. If it
--- does not, it is gone, even if its connection is still open, because its process was
--- stopped: its leases and its session end at once. A call that is still served counts.
--- The broker checks this every half second. After it was killed and started again, the
--- client has `contact` seconds to come back.
---@param linger? ave.Seconds How long the client's leases are kept when its connection is lost, at most `grace` and `contact`. Default: 0.
---@param contact? ave.Seconds How long the client may be silent. Default: without limit.
---@return string token
function Broker:enroll(linger, contact) end

--- Says that the client is still there.
---
--- Raises `NoSuch` if the client has not enrolled, or was gone for the broker and has
--- lost everything.
---@return integer[] leases The numbers of its leases.
function Broker:beat() end

--- Makes the caller the client that got the token from `enroll`. What was leased
--- over this connection before is given back.
---
--- Raises `NoSuch` if no client has the token, or if it has been away for too long.
---@param token string
---@param leases integer[] The leases that the client knows of. All others of its leases are given back.
---@return ave.LeaseRow[] rows What the client has leased.
function Broker:reclaim(token, leases) end

--- Returns the equipment, allocations and collateral in one table, for monitoring.
---@return table state
function Broker:serialize() end

--- Lists all equipment of the broker, leased or not. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_equipment(profile) end

--- Lists the equipment that can be leased now: it is not leased, not collateral,
--- and not held back for a client that waits. For administrators.
---@param profile? ave.Profile|table Only what matches this.
---@return table[] profiles
function Broker:list_available(profile) end

--- Lists the stacks. For administrators.
---@return table[][] stacks
function Broker:list_stacks() end

--- Lists the waiting requests, first come first. Each has `profiles`, `client`,
--- `client_id`, `since`, `reason`, and in `left` the seconds until its timeout. For
--- administrators.
---@return table[] waiting
function Broker:list_waiting() end

--- Returns the state of the broker in numbers: `pid`, `uptime`, `equipment`,
--- `available`, `leases`, `sessions`, `waiting`, `listens` (an address; "" means
--- all), `open`, `keyed` and more. For administrators.
---@return table status
function Broker:status() end

--- Takes all leases from a client. The client stays connected. For administrators.
---
--- Raises `NoSuch` if there is no such client.
---@param client_id string The `client_id` in `list_allocations_all`.
function Broker:close_session(client_id) end

--- Stops leasing: from now on, requests raise `Restarting`. Clients keep what they
--- have leased. A takeover does not need it. For administrators.
function Broker:begin_handover() end

--- Leases again after `begin_handover`. For administrators.
function Broker:end_handover() end

--- Ends the broker and all sessions, and removes the `state_file`. All clients get
--- an `Exit`. For administrators.
function Broker:stop() end

--- Offers the equipment to the broker `share_with` until `stop_sharing` is called.
--- For administrators.
---
--- Raises `Exception` if `share_with` is not set, and what the call to that broker
--- raises.
function Broker:start_sharing() end

--- Withdraws the offer. Leases that exist are not affected. For administrators.
function Broker:stop_sharing() end

--- Lists the brokers that share their equipment with this one, each as {host =,
--- port =}. For administrators.
---@return table[] shares
function Broker:list_shares() end

--- Stops forwarding requests to a broker that shares with this one. Leases that
--- exist are not affected. For administrators.
---
--- Raises `NoSuch` if there is no such share.
---@param host_name string The `host` in `list_shares`.
---@param port integer The `port` in `list_shares`.
function Broker:drop_share(host_name, port) end

--- Drops all shares. For administrators.
---@return integer n The number of shares that were dropped.
function Broker:drop_all_shares() end

--- Accepts the offer of another broker, which listens on the caller's host. For the
--- account `share`.
---@param port integer The port of the other broker.
---@param authkey? string The key with which this broker can call it.
---@param anew? boolean Accept the offer even if an administrator has dropped it. Default: false.
function Broker:share(port, authkey, anew) end

--- Tells whether the caller's offer is still accepted. For the account `share`.
---@return boolean
function Broker:is_shared() end

--- The process that holds a client's resources. The broker starts it.
---@class ave.Session: ave.Control
local Session = {}
broker.Session = Session

--- Calls a method of a resource.
---@param resource integer The number in the lease's `resource`.
---@param method string
---@param arguments any[]
---@return any
function Session:invoke(resource, method, arguments) end

--- Opens a resource. Only the broker calls it.
---@param resource integer
---@param profile table
---@param token? string Of the fleet's claim. Default: none.
function Session:open(resource, profile, token) end

--- Says that a higher token is known. From now on `invoke` raises `Stale` for
--- resources with a token. Only the broker calls it, before it ends the session.
---@param token string
function Session:fence(token) end

--- Closes a resource. Nothing happens if it is not open. Only the broker calls it.
---@param resource integer
function Session:close(resource) end

--- Returns what is open, and how many connections the client has. Only the broker
--- calls it.
---@return table status
function Session:status() end

--- Options of `connect`.
---@class ave.ConnectOptions
---@field address? ave.Address Where the broker is. Default: `host` and `port` of `~/.ave/config/broker.json`.
---@field authkey? string An empty one means no key. Default: the key that `~/.ave/config/broker.json` has for the address, of this broker or under `remote` or `remotes`.
---@field timeout? ave.Seconds How long connecting may take. 0 is without limit. Default: 5.
---@field optimist? boolean Go on trying to connect while nobody listens there, until the timeout. Default: false, `connect` raises `ConnectionRefused` at once.
---@field patience? ave.Seconds How long the broker may be away, if it was killed, before `connect` or a call raises `Restarting`. Default: 30.
---@field linger? ave.Seconds How long the broker keeps what was leased when the connection is lost. Default: 0.
---@field call_timeout? ave.Seconds How long a call of the broker may take. 0 leaves no time for an answer. Default: without limit.
---@field resources? table<string, table|string> The broker's resource classes, for the client's side of their methods.
---@field fleet? string|true Lease from a fleet, at any of its hosts: the address of its hub, such as "tls://hub:4222", or true for the lab that this account has joined. Only `resources` can be used together with it. Default: lease from a broker.

--- A client of a broker. If the broker was killed and started again, the next call
--- connects again, and the client keeps its leases. If the broker no longer knows
--- the client, the call raises `Restarting`. The module does not contain this
--- class: `connect` makes clients.
---
--- `get` returns a handle for each profile. `request` takes a list of profiles and
--- returns a list of handles. The list may also have the fields `wait`, in seconds,
--- and `reason`:
---
---     client:request{ { type = "relay" }, wait = 60, reason = "nightly" }
---
--- `yield` gives back handles, or everything if it is called without any. `list`
--- returns the profiles of what is leased, `call` calls any RPC of the broker, and
--- `close` disconnects.
---@class ave.BrokerClient
---@field get fun(self: ave.BrokerClient, ...: table): ave.Handle ...
---@field request fun(self: ave.BrokerClient, wanted: table): ave.Handle[]
---@field yield fun(self: ave.BrokerClient, ...: ave.Handle)
---@field list fun(self: ave.BrokerClient): table[]
---@field call fun(self: ave.BrokerClient, method: string, ...: any): any
---@field close fun(self: ave.BrokerClient)

--- Something that a client has leased. Names other than those below are methods of
--- the resource. The module does not contain this class.
---
--- A `workspace` is a directory on the broker's host: `run(command, options)`, with
--- the options `timeout` and `env`, returns status and output; `put_file(path,
--- content)`, `get_file(path)`, `list(path)` and `get_path()`. A `command` has
--- `run(...)`, whose arguments are added to the command in its profile.
---@class ave.Handle
---@field profile table The full profile.
---@field lease integer The number of the lease.
---@field yield fun(self: ave.Handle) Gives it back.
---@field call fun(self: ave.Handle, method: string, ...: any): any Calls a method of the resource.
---@field [string] fun(self: ave.Handle, ...: any): any The methods of the resource.

--- Connects to a broker, and enrolls: see `Broker:enroll`.
---
---     local client = broker.connect {} -- the broker of this user's configuration
---
--- With the option `fleet`, the client leases from a fleet:
---
---     local client = broker.connect { fleet = true }
---     local phone = client:request({ { type = "handset" }, wait = 60, reason = "soak test" })[1]
---
--- Such a client has the same methods, except `call`. What one request leases is on one
--- host. It is given back together, with the last of its handles, and when this process
--- ends. Without `wait`, a request waits up to 5 seconds, in which a fleet leases what is
--- free. It needs the program `avelab`.
---
--- Raises what `RemoteControl:connect` raises, `AuthError` if the key is an
--- administrator's, `TypeError` for wrong options, and `Exception` for a fleet if there is
--- no `avelab`. If this account has not joined the lab, requests raise an `Exception`.
---@param options ave.ConnectOptions
---@return ave.BrokerClient
function broker.connect(options) end

--- What `check` found.
---@class ave.BrokerCheck
---@field problems string[] Mistakes. With any of them, no broker starts.
---@field notes string[] Hints at what is allowed but perhaps not intended, such as keys that others can read.

--- Checks the configuration of a lab for all mistakes at once. ave-config.lua and
--- broker.lua show the result.
---@param home string The directory above `.ave/config`.
---@param uid? integer The user who runs the broker. If this is root, the configuration must name an `account` for sessions. Default: not known.
---@return ave.BrokerCheck found
function broker.check(home, uid) end

--- Reads the configuration of a lab (broker.json, authkeys.json, workspace.json and
--- handset.json) and returns it as options of a `Broker`.
---
--- Raises `Exception` if something in them is wrong. The message lists all
--- mistakes.
---@param home string The directory above `.ave/config`.
---@return ave.BrokerOptions options
function broker.configure(home) end

--- What `Busy` says about a piece of equipment that is not free.
---@class ave.Holder
---@field profile table The full profile of the piece.
---@field state "leased"|"closing"|"collateral"|"waiting" "leased"; "closing": given back, but not closed yet; "collateral": part of a stack of which the client has leased something else; "waiting": held back for a client that waits.
---@field client? ave.Address Nil if the client has disconnected.
---@field client_id? string The `client_id` in `list_allocations_all`.
---@field accounts? string[] The accounts whose key the client has.
---@field since integer Seconds since 1970.
---@field reason? string The reason that the client gave, unchanged.
---@field token? string Of the fleet's claim, if it is a lease of a fleet.

--- The equipment of a broker, as `Broker:inventory` returns it.
---@class ave.BrokerInventory
---@field equipment ave.BrokerPiece[] All pieces, leased or not.
---@field made string[] The types that are made for each lease, such as "workspace", sorted.
---@field leasing boolean False between `begin_handover` and `end_handover`.

--- A piece of equipment: a holder whose `state` can also be "free"; then there is no
--- `client`, `client_id`, `accounts`, `since`, `reason` and `token`.
---@class ave.BrokerPiece: ave.Holder
---@field stacks integer[] The numbers of the stacks that it belongs to.
---@field known? string The highest token that it was leased with, if a fleet has leased it.

--- The equipment exists, but is not free. The message says who has it, since when
--- and for what.
---@class ave.Busy: ave.AveException
---@field holders ave.Holder[] The equipment that matches the profile that could not be served, and who has it. At most 10.
---@overload fun(details: string|ave.Details): ave.Busy
local Busy = {}
broker.Busy = Busy

--- No equipment would ever match.
---@class ave.NoSuch: ave.AveException
---@overload fun(details: string|ave.Details): ave.NoSuch
local NoSuch = {}
broker.NoSuch = NoSuch

--- The token of a lease is not higher than one that is known for the piece: the claim
--- of the fleet is over.
---@class ave.Stale: ave.AveException
---@field known string The highest token that is known.
---@field given string The token that was refused.
---@field profile? table The full profile of the piece.
---@overload fun(details: string|ave.Details): ave.Stale
local Stale = {}
broker.Stale = Stale

return broker
