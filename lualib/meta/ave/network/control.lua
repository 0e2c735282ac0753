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
--- Arguments and results are sent as JSON, by the rules of `ave.json` with
--- `allow_nan`: NaN and infinity are sent as Python does. Services and clients of
--- the earlier system can be called and can call.
local control = {}

--- The options of `Control`. In the document they are arguments. They become fields
--- of the object.
---@class ave.ControlOptions
---@field port? integer The port to listen on. With 0, or without a port, the system picks one. The field `port` of the object then has its number: in the service, and in the process that started it with `synchronize`.
---@field listen? string The IP address to listen on. If `socket` listens on more addresses, connections to the others are closed at once. Default: all addresses.
---@field authkey? string The primary key. A client with neither this key nor one of `alt_keys` is disconnected. Default: none; everybody can connect.
---@field socket? ave.Socket A socket that is bound to `port`, such as that of `find_free_port`. Clients can then connect before the service serves them. The socket belongs to the service.
---@field alt_keys? table<string, string|userdata> Other keys, by account, for `preauth`. The key `ave.json.null` opens an account to everybody.
---@field interval? ave.Seconds Call `idle` when nothing has happened for this time. 0 means never. Default: 0.
---@field home? string The directory above `.ave/config`, for the service's own use.
---@field proc_name? string The name that `ps` shows, cut at 15 bytes. Default: "ave-" and the name of the class.
---@field logging? boolean Print to stderr when the service starts and ends, when a limit is reached, and the messages of `log`. Default: false.
---@field anonymous? boolean Keep clients without a key, as the earlier system did. They may call methods that need no key. Default: false.
---@field auth? "sha256"|"md5" "sha256" accepts only keys proven with SHA-256, which clients of the earlier system do not know; "md5" accepts both. Default: "md5".
---@field max_frame? integer The longest call, in bytes. Default: 16 MiB.
---@field max_incoming? integer The largest total size, in bytes, of the calls that are arriving or wait for their turn. Further calls wait at the client until there is room. Default: 32 MiB, or twice `max_frame` if that is more.
---@field max_values? integer The memory, in bytes, that the values of one call, and of all calls together, may take. A call that needs more gets an `OverflowError`. Default: 128 MiB.
---@field max_unread? integer The total size, in bytes, of answers that clients have not read yet. A client whose answer does not fit gets an `AveException` instead. Default: 48 MiB.
---@field max_connections? integer The number of clients at the same time. Further clients get a `ConnectionRefused`. Default: 16384, or fewer if the process cannot open so many files.
---@field max_handshakes? integer The number of clients that have not finished their handshake, at most half of `max_connections`. If one more connects, the oldest of them is disconnected. Default: 4096.
---@field handshake_timeout? ave.Seconds How long the handshake of a client may take. Default: 10.
---@field frame_timeout? ave.Seconds How long a client may take to send a call, from its first byte. Default: 120.
---@field write_timeout? ave.Seconds How long, at least, a client may take to read an answer. Default: 120.
---@field keep_alive? ave.Seconds How long until a client whose host has vanished is disconnected. It is rounded to whole seconds, at least 6. `math.huge` means never. Default: 30.
---@field takeover? boolean Take over the service that listens on `port` of this host, with all its clients, instead of listening on a new socket. Default: false.
---@field takeover_timeout? ave.Seconds How long the takeover may take, until this service serves. Default: 10.
---@field systemd? boolean The service is a systemd unit with `Type=notify`. It uses the socket that systemd has opened, if any, tells systemd when it is ready, that it is alive (`WatchdogSec`), and which process has taken it over. `start` needs `synchronize`. Default: false.
---@field describe? boolean Answer the RPC `$describe`. Default: true.
---@field metrics_port? integer A port where `GET /metrics` gives the statistics in the format of Prometheus, to everybody, at the address `listen`. Default: no such port.
---@field tls_cert? string A file with the service's certificate, in PEM. The service then uses TLS, which clients of the earlier system cannot.
---@field tls_key? string A file with the key of the certificate, in PEM.
---@field tls_client_ca? string A file with certificates of authorities, in PEM. Clients then need a certificate that one of them has signed. Default: clients need no certificate.

--- The base class of all services. It is a `Process`: `start` runs the service in a
--- new process, `run` in this one.
---
--- Only methods that are marked with `Control.rpc` can be called over the network;
--- the methods of `Control` itself cannot. Calls and the callbacks below are served
--- one at a time, except calls of methods that are marked with
--- `Control.concurrent`.
---
--- A client can give arguments by name, with the names of the function's
--- parameters. All parameters are mandatory, except those that `rpc` declares as
--- optional. If a method returns several values, the client gets them as a list. An
--- error in a method is raised in the client, and the service continues; an `Exit`
--- ends the service.
---
--- An error in a callback is written to stderr with its trace, even without
--- `logging`, at most ten times a second. The service continues.
---
--- The limits protect a service from overload and attacks. A client that reaches a
--- limit has to wait, gets an error or is disconnected, and this is logged. 0 as a
--- limit means its default.
---
--- Every service answers these calls, even while a method is stuck:
---
--- * `remote:call("$statistics")`, by the rule of `preauth` for the account
---   `admin`: calls, errors and latencies by method, connections, how often each
---   limit was reached, in `ongoing` the calls that are being served, and in
---   `claimants` who the clients say they are, which is not checked.
--- * `remote:call("$end_call", { number })`, by the same rule, ends one of these
---   calls: the method gets the error `Terminated`, which it can catch; when it has
---   returned, the client gets `Terminated`.
--- * `remote:call("$describe")`, for everybody: the methods with their parameters,
---   who may call them, and in `doc` the comment above the statement that defines
---   the method's function, without `---@` annotations; null if there is no
---   comment.
---
--- The document warns that keys are not a security system. They prevent the
--- accidental use of features where they make no sense.
---@class ave.Control: ave.Process
---@field current_connection? ave.ClientConnection The client whose call is being served. A concurrent method must read it before it waits for anything.
---@field idle? fun(self: ave.Control) Called when nothing has happened for `interval`. A class may implement it.
---@field serialize? fun(self: ave.Control): any Returns the state for the service that takes over, as a value for `json.encode`. It is called when nothing else runs in the service any more. If it raises an error, this service goes on. A class may implement it.
---
---@field adopt? fun(self: ave.Control, state: any, processes: table<integer, ave.Process>, clients: table<integer, ave.ClientConnection>) Called by `initialize` of a service that takes over. Its arguments are the state from `serialize`; the processes of the other service that are still running, by pid (their field `adopted` is true, and their exit status is not available); and its clients, by `id`. If it raises an error, the other service goes on. A class may implement it.
---@field new_connection? fun(self: ave.Control, connection: ave.ClientConnection, authkey: string) Called after the handshake of a client, before its first call of a method of the class. A class may implement it.
---@field resource? fun(self: ave.Control, value: any): table? Called for a call that names a resource (see the option of `RemoteControl`), with that resource. It returns the object whose method is called; the marks of that method say who may call it. If it returns nil, the client gets the error for an RPC that does not exist. Classes without this method ignore resources, and so do methods whose names begin with `$`. A class may implement it.
---@field joined_process? fun(self: ave.Control, pid: integer, exit: integer) Called when a process that was given to `join_later` has ended. `exit` is nil for an adopted process. A class may implement it.
---@field lost_connection? fun(self: ave.Control, connection: ave.ClientConnection, authkey: string) Called when the connection of a client that finished its handshake has ended, on either side. A class may implement it.
---@overload fun(options: ave.ControlOptions): ave.Control
local Control = {}
control.Control = Control

--- The constructor: `Control(options)`. It does not listen yet.
---@param options ave.ControlOptions
function Control:init(options) end

--- Serves a client whose connection was made or accepted elsewhere. The connection
--- then belongs to the service, and the object can no longer be used.
--- `new_connection` is not called for this client; `lost_connection` is.
---
--- Raises `Exception` if the service is not running in this process,
--- `ConnectionRefused` if it has `max_connections` clients already,
--- `ConnectionClosed` if the connection is not connected, and `TypeError` if it is
--- not a connection. After an error the connection still belongs to the caller.
---@param connection ave.Connection
---@param authkey? string The key that the client is assumed to have. It becomes the client's `authkey`, even if the service does not know it. Default: "".
---@return ave.ClientConnection client
function Control:add_connection(connection, authkey) end

--- Lets the new process inherit the service's socket. See `Process:close_fds`.
---@param exclude integer[] The list to append to.
function Control:close_fds(exclude) end

--- Returns the descriptor of the socket that the service listens on; outside the
--- service's process, that of the option `socket`. It can be passed on with
--- `FdTx:put`; the receiver makes a service with `socket = Socket.from_fd(fd)`.
---
--- Raises `Exception` if the service has no socket in this process.
---@return integer
function Control:fileno() end

--- Starts the service in a new process. See `Process:start`. With `synchronize`,
--- clients can connect when it returns; the field `port` is then set, even if the
--- system has picked the port. The socket then belongs to the service, and is
--- closed in this process.
---@param options? ave.StartOptions
function Control:start(options) end

--- Starts to listen. It is called in the new process. A class that implements
--- `initialize` should call this one in it.
---
--- Raises `Exception` if it cannot listen on the port, and `TypeError` if the field
--- of an option has the wrong type.
function Control:initialize() end

--- Waits for a process while the service continues its work. `joined_process` is
--- called when the process has ended.
---
--- Raises `TypeError` if the process was not started by this process, and
--- `Exception` if the service is not running in this process.
---@param proc ave.Process
function Control:join_later(proc) end

--- Ends the connection of a client after its current call. Then `lost_connection`
--- is called. In the document the connection stays open.
---
--- Raises `Exception` if the service is not running in this process.
---@param client ave.ClientConnection
function Control:remove_connection(client) end

--- Serves clients until the service is shut down. It is called in the new process.
--- If you call it yourself, it serves in this process, and listens first.
---@param ... any Ignored.
function Control:run(...) end

--- Ends the service. All clients get an `Exit` as the last message, even those that
--- wait for an answer. `shutdown` returns at once; `run` returns when all
--- connections are closed. If it is called several times, the first call counts.
---
--- Call it in the methods and callbacks of the service.
---
--- Raises `Exception` if the service is not running in this process, and
--- `TypeError` if the details have no message.
---@param details? string|ave.Details|ave.Exception The message or details of the exit, or an error that is sent as itself. Default: "the service was shut down".
function Control:shutdown(details) end

--- Ends the service like `shutdown()`.
---
--- Raises `Exception` if the service is not running in this process.
function Control:stop() end

--- Stops listening: the port becomes free, and no new clients can connect. Clients
--- that are connected stay.
---
--- Raises `Exception` if the service is not running in this process.
function Control:stop_listening() end

--- Marks a method: only clients with the primary key may call it. In a service
--- without a primary key, everybody may call it. This is what the document says;
--- the earlier system accepted any key that it knew.
---@param method function|ave.Method A function whose first parameter is self.
---@return ave.Method
function Control.auth(method) end

--- Marks a method: its calls can be interrupted and repeated. When another service
--- takes over, a running call is interrupted, usually where it waits, but possibly
--- between any two statements, and the new service calls the method again. So a
--- partly finished call must not do harm to the second one. Calls of other methods
--- are finished before the takeover. Not in the document.
---@param method function|ave.Method A function whose first parameter is self.
---@return ave.Method
function Control.resumable(method) end

--- Marks a method: its calls do not wait for other calls, and other calls do not
--- wait for them. Only one of them runs at a time: another one runs when it waits
--- for something, such as a command or a connection. Not in the document.
---@param method function|ave.Method A function whose first parameter is self.
---@return ave.Method
function Control.concurrent(method) end

--- Returns a function that marks a method: only clients with the key of one of
--- these accounts may call it. If one of the accounts is open, or none of them has
--- a key, everybody may call it.
---
---     Lab.drop = Control.rpc(Control.preauth("admin", "root")(function(self) ... end))
---
--- Raises `TypeError` if no account is given.
---@param ... string The names of accounts in `alt_keys`.
---@return fun(method: function|ave.Method): ave.Method
function Control.preauth(...) end

--- Marks a method: clients may call it.
---
---     Lab.find = Control.rpc(function(self, name, limit) ... end, { limit = 10 })
---     Lab.list = Control.rpc(function(self, name) ... end, { "name" })
---
--- Raises `TypeError` if `optional` contains a name that is not a parameter of the
--- function.
---@param method function|ave.Method A function whose first parameter is self.
---@param optional? string[]|table<string, any> The names of the parameters that a caller may leave out, or a table of their defaults by name. Defaults also apply to calls inside the service, where nil counts as left out. A default that is a table is copied for each call.
---@return ave.Method
function Control.rpc(method, optional) end

--- A function with marks. It can be called like a function.
---@class ave.Method: ave.Class
---@operator call: any
local Method = {}
control.Method = Method

--- The connection of a client, in the service. It is the same object for all calls
--- of the client. The module does not contain this class.
---
--- It has the methods of `Connection`. `put` and `write` send data that is not an
--- answer to a call; the client must expect it. They wait at most for
--- `write_timeout`. `close` ends the connection after the current call. `get`,
--- `read` and `detach` raise `Exception`, because the service itself reads the
--- calls; `listen` and `accept` raise `ConnectionClosed`.
---@class ave.ClientConnection: ave.Connection
---@field id integer A number that no other connection of the service has or had.
---@field address ave.Address The address of the client. `client:address()` works too, as in a `Connection`.
---@field authkey string The key of the client; "" if it has none.
---@field accounts string[] The accounts in `alt_keys` that have this key.

--- The options of `RemoteControl`. The first five are arguments in the document.
---@class ave.RemoteControlOptions
---@field address? ave.Address The address of the service. It can be left out if `sock` is given.
---@field authkey? string The key. Default: none.
---@field timeout? ave.Seconds How long connecting may take. 0 means no limit. Default: 0.
---@field optimist? boolean Keep trying to connect until the timeout, because the service may start later. Default: false.
---@field sock? ave.Socket|ave.Connection A socket or connection that is connected to the service. It then belongs to the client. Default: a new socket.
---@field call_timeout? ave.Seconds How long each call may take, including connecting, unless the call gets its own timeout. 0 leaves no time for an answer. Default: no limit.
---@field auth? "sha256"|"md5" How the key is proven. "sha256" refuses services of the earlier system, which only know MD5; "md5" uses the best that the service supports. Default: "md5".
---@field resource? table The object in the service whose methods are called, such as a profile: the service finds it with its method `resource`. It must be an object in JSON; mark an empty one with `json.object`. Default: the service itself.
---@field keep? boolean Keep the connection when a call times out or is interrupted: its answer is dropped when it arrives. Calls that follow wait for that, because a service answers in order. Otherwise the connection is closed, so that the service takes back what it gives with a late answer. Default: false; at the prompt true.
---@field tls? ave.ClientTLS Use TLS. `{}` trusts the certificates that the system trusts. Default: no TLS.

--- Files for TLS, in PEM. The constructor reads them.
---@class ave.ClientTLS
---@field ca? string The certificates of the authorities that sign services. Default: those that the system trusts.
---@field cert? string The client's own certificate, for a service that requires one.
---@field key? string The key of the client's certificate.
---@field server_name? string The name in the service's certificate. Default: the host of the address, or "localhost" for "".

--- The client of a service. Names that the class does not have are methods of the
--- service:
---
---     local remote = RemoteControl({ "lab-3", 4000 }, key, 5)
---     remote:get({ type = "handset" })
---     remote.async:yield_resources(handset)    -- waits for no answer
---     remote:call("find", { "b" }, { limit = 3 })
---
---     local a, b = remote.future:find("a"), remote.future:find("b")
---     print(a:get(), b:get())                  -- both calls run at the same time
---
--- It connects with the first call. If connecting fails, the next call tries again.
--- If a connection is lost, or a call on it has timed out, the client does not
--- connect again: all further calls raise `ConnectionClosed`. The reason is that
--- what a service keeps for a client ends with the connection, and the script must
--- notice that. With the option `keep`, a call that times out keeps the connection.
---
--- `tostring` gives the address of the service and whether the client is connected:
--- `RemoteControl (lab-3:4000, connected)`. Keys are never shown.
---
--- A call raises:
---
--- * what the method of the service raised, as the same class, with the trace;
--- * `Exception` if the service has no such method; the message suggests a similar
---   one, if the service tells which methods it has;
--- * `AuthError` if the client may not call the method, with the fields `method`
---   and, if the service tells them, `accounts`: the accounts whose key would be
---   accepted;
--- * `AuthError` if the service does not know the client's key, or if client or
---   service does not accept the other's certificate;
--- * `Exit` if the service was shut down;
--- * `ConnectionClosed` if the service has ended, or needs a key;
--- * `ConnectionRefused` or `ConnectionTimeout` if the service cannot be reached,
---   and `ConnectionUnknownHost` if the host does not exist;
--- * `ConnectionTimeout` if there is no answer within `call_timeout`.
---@class ave.RemoteControl: ave.Class
---@field async ave.AsyncCalls Calls without an answer.
---@field future ave.FutureCalls Calls whose answer is fetched later.
---@field [string] fun(self: ave.RemoteControl, ...: any): any The methods of the service. A result of null is nil.
---@overload fun(address: ave.Address, authkey?: string, timeout?: ave.Seconds, optimist?: boolean, sock?: ave.Socket|ave.Connection, options?: ave.RemoteControlOptions): ave.RemoteControl
---@overload fun(options: ave.RemoteControlOptions): ave.RemoteControl
local RemoteControl = {}
control.RemoteControl = RemoteControl

--- The constructor:
--- `RemoteControl(address, authkey, timeout, optimist, sock, options)`, or
--- `RemoteControl{ address = ..., authkey = ..., timeout = ... }` with all of them
--- by name. It does not connect. An address is `{host, port}`; in the document it
--- is the other way round.
---
--- Raises `Exception` if the files of the option `tls` cannot be used,
--- `ConnectionClosed` if `sock` is not connected, and `TypeError` for an unknown
--- option and for a `resource` that is not an object in JSON.
---@param address ave.Address
---@param authkey? string The key. Default: none.
---@param timeout? ave.Seconds How long connecting may take. It does not limit calls: see the option `call_timeout`. Nil and 0 mean no limit.
---@param optimist? boolean Keep trying to connect until the timeout, because the service may start later. Default: false.
---@param sock? ave.Socket|ave.Connection A socket or connection that is connected to the service. It then belongs to the client. Default: a new socket.
---@param options? ave.RemoteControlOptions More options, by name.
function RemoteControl:init(address, authkey, timeout, optimist, sock, options) end

--- Makes a call with arguments by name or with a timeout, or to a method whose name
--- the class has itself. Not in the document.
---
---     local found = remote:call("find", { "handset" }, { limit = 3 }, 10)
---
--- Raises `ConnectionTimeout` if there is no answer in time, and what every call
--- raises.
---@param method string The name of the method.
---@param vargs? any[] Arguments in order. Default: none.
---@param kwargs? table<string, any> Arguments by name. Default: none.
---@param timeout? ave.Seconds `math.huge` means no limit; 0 leaves no time for an answer. Default: the option `call_timeout`.
---@return any result
function RemoteControl:call(method, vargs, kwargs, timeout) end

--- Ends the connection. All further calls raise `ConnectionClosed`.
function RemoteControl:close() end

--- Connects now, instead of with the first call.
---
--- Raises `ConnectionTimeout`, `ConnectionRefused`, `ConnectionClosed` or
--- `AuthError`.
function RemoteControl:connect() end

--- The field `async` of a `RemoteControl`. Its methods are those of the service.
--- They return when the call is sent, and there is no way to know whether it was
--- served. If the client has to connect first, it takes at most a second for that.
---@class ave.AsyncCalls: ave.Class
---@field [string] fun(self: ave.AsyncCalls, ...: any) The methods of the service.
local AsyncCalls = {}
control.AsyncCalls = AsyncCalls

--- The field `future` of a `RemoteControl`. Its methods are those of the service.
--- They send the call and return before it is answered, so that a client can make
--- many calls at the same time. The service starts them one after another, and
--- answers in their order. If a call cannot be sent, the error is raised at once.
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

--- A call whose answer is fetched later. Its error does not affect other calls.
---@class ave.Future: ave.Class
local Future = {}
control.Future = Future

--- Tells whether `get` would return or raise at once.
---@return boolean
function Future:done() end

--- Waits for the result and returns it. It can be called again.
---
--- Raises `ConnectionTimeout` if there is no answer in time; all other calls that
--- have no answer yet then raise `ConnectionClosed`, unless the client was made with
--- `keep`: then `get` can be called again. Also raises what every call
--- raises.
---@param timeout? ave.Seconds Counted from this call of `get`. `math.huge` means no limit; 0 only takes an answer that has arrived already. Default: the option `call_timeout`.
---@return any result
function Future:get(timeout) end

return control
