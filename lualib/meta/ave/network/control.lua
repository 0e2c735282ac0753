---@meta ave.network.control

--- Services whose methods are called over the network, and their clients.
---
---     local Echo = Control:subclass("Echo")
---
---     Echo.echo = Control.rpc(function(self, value) return value end)
---     Echo.reload = Control.rpc(Control.auth(function(self) ... end))
---
---     local socket, port = connection.find_free_port()
---     local echo = Echo{ port = port, socket = socket, authkey = "secret" }
---     echo:start{ synchronize = true }
---
---     local remote = RemoteControl({ "", port }, "secret", 5)
---     remote:echo("hello")    --> "hello"
---
--- Arguments and results are JSON, by the rules of `ave.json`. Services and
--- clients of the earlier system can be called and can call.
local control = {}

--- What a `Control` is made with. In the document these are arguments. They
--- become fields of the object.
---@class ave.ControlOptions
---@field port? integer Where to listen, on all interfaces. With 0, or without a port, the system picks one.
---@field authkey? string The primary key. A client that has neither it nor one of `alt_keys` is disconnected. Default: none, and everybody may connect.
---@field socket? ave.Socket A socket that is bound to `port`, such as `find_free_port` makes. With it, clients can connect before the service serves them. It belongs to the service.
---@field alt_keys? table<string, string|userdata> Other keys by account, for `preauth`. The key `ave.json.null` opens an account to everybody.
---@field interval? ave.Seconds How long nothing has to happen for `idle` to be called. Default: it is never called.
---@field home? string The directory above `.ave/config`, for the service's own use.
---@field proc_name? string The name that `ps` shows, cut at 15 bytes. Default: "ave-" and the class's name.
---@field logging? boolean Let `log` print to stderr. Default: false.
---@field anonymous? boolean Keep clients that have no key, as the earlier system did; they may call what wants no key. Default: false.
---@field auth? "sha256"|"md5" With "sha256" keys are taken by SHA-256 alone, which clients of the earlier system do not know. Default: "md5", which takes either.
---@field max_frame? integer The longest call, in bytes. Default: 64 MiB.
---@field max_connections? integer How many clients there may be at a time. One that comes then is told by a `ConnectionRefused`. Default: 16384, or fewer where the process may not open so many files.
---@field max_handshakes? integer How many clients may be unfinished in their handshake at a time. The one that has been so for the longest makes room for a new one. Default: 4096. It is at most half of `max_connections`.
---@field handshake_timeout? ave.Seconds How long a client has until it must be known. Default: 10.
---@field frame_timeout? ave.Seconds How long a client may take to send a call that it has begun. Default: 120.
---@field write_timeout? ave.Seconds How long a client has at least to take an answer. Default: 120.
---@field takeover? boolean Take over the service that listens on `port` of this host, with all its clients, instead of listening there. Default: false.
---@field takeover_timeout? ave.Seconds How long that may take, from asking for the service to serving in its place. Default: 10.
---@field describe? boolean Answer the RPC `$describe`. Default: true.
---@field metrics_port? integer Where `GET /metrics` gives the statistics to Prometheus, on all interfaces and to everybody. Default: nowhere.
---@field tls_cert? string The file with the service's certificate in PEM, which makes it speak TLS. Clients of the earlier system cannot.
---@field tls_key? string The file with the key of the certificate.
---@field tls_client_ca? string A file with the authorities that the certificates of clients must be signed by. Default: clients need none.

--- The parent of every service. It is a `Process`: `start` runs it in one of its
--- own, and `run` in this one.
---
--- None of its own methods can be called over the network. Those that can are
--- marked with `Control.rpc`. Calls are served one at a time, and so are the
--- callbacks below; a method that is marked with `Control.concurrent` does not
--- wait for the others.
---
--- A client may give arguments by their names; these are the names of the
--- function's parameters. All are mandatory but those that `rpc` is told of. A
--- method that returns several values gives the client a list of them. What a
--- method raises is raised in the client, and the service goes on; an `Exit`
--- ends the service.
---
--- The limits keep a service going under attack. A client that reaches one is
--- disconnected, and that is logged. A limit of 0 is the default.
---
--- Every service answers `remote:call("$statistics")`, by the rule of `preauth`
--- for the account `admin`: calls, errors and latencies by method, connections,
--- and how often each limit was reached. And `remote:call("$describe")`, for
--- everybody: its methods with their parameters, who may call them, and `doc`, the
--- comment above the statement that defines the method's function without its
--- `---@` annotations; null without one. Both are answered also while a method is
--- stuck.
---
--- The document warns that keys are no security system. They keep features from
--- being used where they make no sense.
---@class ave.Control: ave.Process
---@field current_connection? ave.ClientConnection The client whose call is being served. A concurrent method reads it before it does anything else.
---@field idle? fun(self: ave.Control) A class may implement it. Called when nothing has happened for `interval`.
---@field serialize? fun(self: ave.Control): any A class may implement it. Gives the state that a service which takes over is to have, as `json.encode` takes it. Called when nothing else happens in the service any more; if it raises, the service goes on.
---@field adopt? fun(self: ave.Control, state: any, processes: table<integer, ave.Process>, clients: table<integer, ave.ClientConnection>) A class may implement it. Called by `initialize` of a service that takes over: with what `serialize` has given; with the living processes that the service had started, by pid, whose field `adopted` is true and whose exit status nobody will know; and with its clients, by `id`. If it raises, the other service goes on.
---@field new_connection? fun(self: ave.Control, connection: ave.ClientConnection, authkey: string) A class may implement it. Called for a client that has come through the handshake, before its first call of a method of the class.
---@field joined_process? fun(self: ave.Control, pid: integer, exit: integer) A class may implement it. Called when a process has ended that was given to `join_later`; of one that was adopted `exit` is nil.
---@field lost_connection? fun(self: ave.Control, connection: ave.ClientConnection, authkey: string) A class may implement it. Called when such a client has gone, whoever ended the connection.
---@overload fun(options: ave.ControlOptions): ave.Control
local Control = {}
control.Control = Control

--- The constructor: `Control(options)`. It does not listen yet.
---@param options ave.ControlOptions
function Control:init(options) end

--- Serves a client whose connection was made or accepted elsewhere. It is the
--- service's from then on, and the object is of no use any more.
--- `new_connection` is not called for it, and `lost_connection` is.
---
--- Raises `Exception` if the service does not serve, `ConnectionRefused` if it
--- has `max_connections` already, `ConnectionClosed` for a connection that is not
--- connected, and `TypeError` for what is none. The connection remains the
--- caller's then.
---@param connection ave.Connection
---@param authkey? string The key that the client is taken to have. `authkey` of the client is the same, also if the service does not know it. Default: "".
---@return ave.ClientConnection client
function Control:add_connection(connection, authkey) end

--- Lets the process inherit the service's socket. See `Process:close_fds`.
---@param exclude integer[] The list to append to.
function Control:close_fds(exclude) end

--- The descriptor of the socket that the service listens on, such as `FdTx:put`
--- passes on: in the service's own process, or elsewhere that of `socket`. A
--- service is made of one by `socket = Socket.from_fd(fd)`.
---
--- Raises `Exception` if the service has no socket in this process.
---@return integer
function Control:fileno() end

--- Starts the service in a process of its own. See `Process:start`. With
--- `synchronize` clients can connect when it returns. The socket belongs to the
--- service from then on, and is closed here.
---@param options? ave.StartOptions
function Control:start(options) end

--- Listens. `start` has it called in the new process; a class with an
--- `initialize` of its own should call this one in it.
---
--- Raises `Exception` if the port cannot be listened on, and `TypeError` if one
--- of the fields that the options became is of the wrong type.
function Control:initialize() end

--- Waits for a process beside the service's work. `joined_process` is called
--- when it has ended.
---
--- Raises `TypeError` for a process that was not started here, and `Exception`
--- if the service is not running in this process.
---@param proc ave.Process
function Control:join_later(proc) end

--- Ends a client's connection after the call that it is in. `lost_connection` is
--- called then. In the document the connection stays open.
---
--- Raises `Exception` if the service is not running in this process.
---@param client ave.ClientConnection
function Control:remove_connection(client) end

--- Serves clients until the service is shut down. `start` has it called in the
--- new process; it may also be called in this one, and then listens first.
---@param ... any Nothing.
function Control:run(...) end

--- Ends the service. An `Exit` is the last message on every connection, also to
--- clients that wait for an answer. It returns at once, and `run` when all
--- connections are closed. The first call is the one that counts.
---
--- It is called in the service's own process, by its methods and callbacks.
---
--- Raises `Exception` if the service is not running in this process, and
--- `TypeError` if the details have no message.
---@param details? string|ave.Details|ave.Exception The message or details of the exit, or an error that is sent as itself. Default: "the service was shut down".
function Control:shutdown(details) end

--- Ends the service like `shutdown()`.
---
--- Raises `Exception` if the service is not running in this process.
function Control:stop() end

--- Takes no new clients and frees the port. The clients that are there stay.
---
--- Raises `Exception` if the service is not running in this process.
function Control:stop_listening() end

--- Marks a method: only clients with the primary key may call it. The earlier
--- system let any key that it knew through; this is what the document says. In a
--- service without a primary key everybody may call.
---@param method function|ave.Method A function, whose first parameter is self.
---@return ave.Method
function Control.auth(method) end

--- Marks a method: its calls can be given up and made again. When the service is
--- handed over, a call that is running is interrupted between any two of its
--- statements, mostly where it waits, and made again by the service that takes
--- over. What it has changed by then must do no harm to that. Calls of other
--- methods are finished first. Not in the document.
---@param method function|ave.Method A function, whose first parameter is self.
---@return ave.Method
function Control.resumable(method) end

--- Marks a method: its calls do not wait for other calls, nor others for them.
--- It still takes turns with them: another one runs while it waits for
--- something, such as a command or a connection. Not in the document.
---@param method function|ave.Method A function, whose first parameter is self.
---@return ave.Method
function Control.concurrent(method) end

--- Returns a function that marks a method: only clients with the key of one of
--- the accounts may call it. Everybody may if one of them is open, or if none of
--- them has a key at all.
---
---     Lab.drop = Control.rpc(Control.preauth("admin", "root")(function(self) ... end))
---
--- Raises `TypeError` if no account is named.
---@param ... string The names of accounts in `alt_keys`.
---@return fun(method: function|ave.Method): ave.Method
function Control.preauth(...) end

--- Marks a method: clients may call it.
---
---     Lab.find = Control.rpc(function(self, name, limit) ... end, { limit = 10 })
---     Lab.list = Control.rpc(function(self, name) ... end, { "name" })
---
--- Raises `TypeError` if `optional` names what is no parameter of the function.
---@param method function|ave.Method A function, whose first parameter is self.
---@param optional? string[]|table<string, any> The parameters that a client may leave out, or their defaults by their names. In Python the function said so itself.
---@return ave.Method
function Control.rpc(method, optional) end

--- What the marks make of a function. It can be called like one.
---@class ave.Method: ave.Class
---@operator call: any
local Method = {}
control.Method = Method

--- A client's connection, as a service sees it. It is the same object for all
--- calls of the client. There is no such class in the module.
---@class ave.ClientConnection: ave.Class
---@field id integer A number that no other connection of the service has had.
---@field address ave.Address The client's address.
---@field authkey string The key that the client has, or "".
---@field accounts string[] The accounts in `alt_keys` whose key it has.

--- More that a client can be told.
---@class ave.RemoteControlOptions
---@field call_timeout? ave.Seconds How long each call may take, connecting included, unless it is told another time. Default: for ever.
---@field auth? "sha256"|"md5" How the key is proven: with "sha256" no service of the earlier system is called, which knows MD5 alone. Default: "md5", as the service can.
---@field tls? ave.ClientTLS Call over TLS. `{}` trusts whom the system trusts. Default: without TLS.

--- The files, in PEM, that a client needs for TLS. They are read by the
--- constructor.
---@class ave.ClientTLS
---@field ca? string The certificates of those who sign services. Default: those that the system trusts.
---@field cert? string The client's own certificate, for a service that wants one.
---@field key? string Its key.
---@field server_name? string The name in the service's certificate. Default: the host of the address, or "localhost" for "".

--- The client of a service. Every name that the class does not have is a method
--- of the service:
---
---     local remote = RemoteControl({ "lab-3", 4000 }, key, 5)
---     remote:get({ type = "handset" })
---     remote.async:yield_resources(handset)    -- waits for no answer
---     remote:call("find", { "b" }, { limit = 3 })
---
---     local a, b = remote.future:find("a"), remote.future:find("b")
---     print(a:get(), b:get())                  -- both were under way
---
--- It connects with the first call. A connection that is lost, or on which a
--- call has timed out, is not replaced: what a service keeps for a client ends
--- with the connection, and that must not go unnoticed. All further calls raise
--- `ConnectionClosed`. Only a client that could not connect tries again with the
--- next call.
---
--- A call raises:
---
--- * what the method of the service raised, as the same class, with the trace;
--- * `Exception` if the service has no such method, or the client may not call
---   it;
--- * `Exit` if the service was shut down;
--- * `ConnectionClosed` if the service has gone, or wants a key;
--- * `AuthError` if the service does not know the client's key, or one of the
---   two does not accept the other's certificate;
--- * `ConnectionRefused` or `ConnectionTimeout` if it could not be reached;
--- * `ConnectionTimeout` if there is no answer within `call_timeout`.
---@class ave.RemoteControl: ave.Class
---@field async ave.AsyncCalls Calls whose answer nobody waits for.
---@field future ave.FutureCalls Calls whose answers are asked for later.
---@field [string] fun(self: ave.RemoteControl, ...: any): any The methods of the service. A result of null is nil.
---@overload fun(address: ave.Address, authkey?: string, timeout?: ave.Seconds, optimist?: boolean, sock?: ave.Socket, options?: ave.RemoteControlOptions): ave.RemoteControl
local RemoteControl = {}
control.RemoteControl = RemoteControl

--- The constructor: `RemoteControl(address, authkey, timeout, optimist, sock,
--- options)`. It does not connect. An address is `{host, port}` here; the
--- document has it the other way round.
---
--- Raises `Exception` for files of the option `tls` that cannot be used.
---@param address ave.Address
---@param authkey? string The key. Default: none.
---@param timeout? ave.Seconds How long connecting may take. It does not limit calls; the option `call_timeout` does. 0 is for ever, too.
---@param optimist? boolean Go on trying to connect while nobody listens, until the timeout. Default: false.
---@param sock? ave.Socket A socket that is connected to the service already. Default: one is made.
---@param options? ave.RemoteControlOptions
function RemoteControl:init(address, authkey, timeout, optimist, sock, options) end

--- Makes a call, with arguments by their names, a timeout, or for a method whose
--- name the class has itself. Not in the document.
---
--- Raises `ConnectionTimeout` if there is no answer in time, and otherwise what
--- every call raises.
---@param method string
---@param vargs? any[] The arguments in their order. Default: none.
---@param kwargs? table<string, any> Arguments by their names. Default: none.
---@param timeout? ave.Seconds Default: the option `call_timeout`. `math.huge` is for ever.
---@return any result
function RemoteControl:call(method, vargs, kwargs, timeout) end

--- Ends the connection. All further calls raise `ConnectionClosed`.
function RemoteControl:close() end

--- Connects now, and not with the first call.
---
--- Raises `ConnectionTimeout`, `ConnectionRefused`, `ConnectionClosed` or
--- `AuthError`.
function RemoteControl:connect() end

--- The `async` of a RemoteControl. Its methods are those of the service. They
--- return when the call was sent, and there is no way to tell whether it was
--- served. If it has to connect first, that may take a second at most.
---@class ave.AsyncCalls: ave.Class
---@field [string] fun(self: ave.AsyncCalls, ...: any) The methods of the service.
local AsyncCalls = {}
control.AsyncCalls = AsyncCalls

--- The `future` of a RemoteControl. Its methods are those of the service. They
--- send the call and return before it is answered, so that many calls can be
--- under way. The service takes them up one after another and answers in their
--- order. A call that cannot be sent raises its error at once.
---
---     local found = {}
---     for i, name in ipairs(names) do
---         found[i] = remote.future:find(name)
---     end
---     for i, future in ipairs(found) do
---         print(names[i], future:get())
---     end
---@class ave.FutureCalls: ave.Class
---@field [string] fun(self: ave.FutureCalls, ...: any): ave.Future The methods of the service.
local FutureCalls = {}
control.FutureCalls = FutureCalls

--- A call that is under way, or was. What it raises is no matter of the others.
---@class ave.Future: ave.Class
local Future = {}
control.Future = Future

--- Tells whether `get` would return or raise at once.
---@return boolean
function Future:done() end

--- Waits for the result and returns it. It may be called again.
---
--- Raises `ConnectionTimeout` if there is no answer in time, after which all
--- calls that are under way raise `ConnectionClosed`; and otherwise what every
--- call raises.
---@param timeout? ave.Seconds Counted from here. Default: the option `call_timeout`. `math.huge` is for ever.
---@return any result
function Future:get(timeout) end

return control
