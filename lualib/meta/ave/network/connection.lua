---@meta ave.network.connection

--- Messages over TCP.
---
--- A message, or frame, is a length of 4 bytes, most significant first, and then
--- that many bytes.
local connection = {}

--- Events of `Connection:poll`, with the values of poll(2). POLLERR,
--- POLLHUP and POLLNVAL are reported without being asked for.
---@type integer
connection.POLLIN = nil
---@type integer
connection.POLLOUT = nil
---@type integer
connection.POLLERR = nil
---@type integer
connection.POLLHUP = nil
---@type integer
connection.POLLNVAL = nil

--- The arguments of `find_free_port` by their names.
---@class ave.PortOptions
---@field start? integer
---@field stop? integer
---@field listen? boolean

--- Picks a free port at random, and binds a socket to it on all interfaces.
---
---     local socket, port = connection.find_free_port()
---     local socket, port = connection.find_free_port{ listen = false }
---
--- Raises `Exception` if none was found in 20000 attempts, as the document
--- says, or if the range is not one of ports.
---@param start? integer|ave.PortOptions The first port of the range. Default: 49152.
---@param stop? integer The port after the last one. Default: 65536.
---@param listen? boolean Let peers connect from now on. Default: true.
---@return ave.Socket socket
---@return integer port
function connection.find_free_port(start, stop, listen) end

--- A socket that nobody uses yet. `find_free_port` makes it, or `from_fd`.
---
--- A connection, a client or a started service to which it is given owns it from
--- then on.
---@class ave.Socket: ave.Class
local Socket = {}
connection.Socket = Socket

--- Raises `TypeError`: sockets are made by `find_free_port` and `from_fd`.
function Socket:init() end

--- Makes a socket of a descriptor, such as one that came from another process,
--- and owns it from then on. Not in the document.
---
--- Raises `Exception` for anything but a TCP socket, which then remains the
--- caller's.
---@param fd integer A descriptor that belongs to nothing else.
---@return ave.Socket
function Socket.from_fd(fd) end

--- Tells what the socket is bound to.
---
--- Raises `Exception` if the socket was closed.
---@return ave.Address
function Socket:address() end

--- Closes the socket.
function Socket:close() end

--- Gives the descriptor away, under another number than that of `fileno`: it is
--- the caller's, and the socket is closed. Not in the document.
---
--- Raises `Exception` if the socket was closed.
---@return integer fd
function Socket:detach() end

--- Returns the descriptor, which remains the socket's.
---
--- Raises `Exception` if the socket was closed.
---@return integer
function Socket:fileno() end

--- A queue of messages over TCP whose operations do not wait.
---
--- What cannot be done at once raises `ConnectionAgain`, and is tried again when
--- `poll` says that it can go on. Nothing is lost by that, and nothing sent
--- twice: parts of messages are kept, in both directions.
---
---     local ok, err = pcall(conn.put, conn, message)
---     while not ok and err:is("ConnectionAgain") do
---         conn:poll(connection.POLLOUT)
---         ok, err = pcall(conn.put, conn)
---     end
---
--- A connection and its descriptor go along to a new process that uses it, as
--- `ave.network.process` says.
---
--- Its methods work on a `BlockingConnection` too, which shares what is kept:
--- `Connection.get(blocking)` takes what is there, and `blocking:get()` waits
--- for the rest.
---@class ave.Connection: ave.Class
---@overload fun(address: ave.Address, socket?: ave.Socket): ave.Connection
local Connection = {}
connection.Connection = Connection

--- The constructor: `Connection(address, socket)`. It does not connect.
---@param address ave.Address The peer, for `connect`; or where to `listen`.
---@param socket? ave.Socket A socket that is bound, listening or connected. Default: one is made.
function Connection:init(address, socket) end

--- Makes a connection of a descriptor, such as one that came from another
--- process, and owns it from then on. Not in the document.
---
--- Raises:
---
--- * `Exception` for anything but a TCP socket, which then remains the caller's.
--- * `ConnectionClosed` if bytes are unread, and the peer has gone meanwhile.
---@param fd integer A descriptor that belongs to nothing else. It is non-blocking from then on.
---@param unread? string What `detach` has returned with it.
---@return ave.Connection
function Connection.from_fd(fd, unread) end

--- Returns the next peer that has connected. The connection must listen.
---
--- Raises `ConnectionAgain` if nobody has, and `ConnectionClosed` if the
--- connection does not listen or was closed.
---@return ave.Connection peer
function Connection:accept() end

--- Returns the peer's address, or the own one of a connection that listens. Not
--- in the document.
---@return ave.Address
function Connection:address() end

--- Closes the connection. Who waits for it gets `ConnectionClosed`.
function Connection:close() end

--- Connects to the address. A connection that is connected stays so.
---
--- The name of a host is looked up first, and that may take a while. All
--- addresses of the host are tried; the descriptor may be another one after
--- each call.
---
--- Raises:
---
--- * `ConnectionInProgress` if it could not be done at once. `poll` for POLLOUT,
---   and call it again.
--- * `ConnectionRefused` if it failed.
--- * `Exception` if the connection has a socket to listen on.
function Connection:connect() end

--- Gives the descriptor away: it is the caller's, and the connection is closed
--- here without a sign of it to the peer. Not in the document.
---
---     local fd, unread = conn:detach()
---     local same = Connection.from_fd(fd, unread)
---
--- Raises `ConnectionAgain`, and does nothing, as long as a message is only sent
--- in part or somebody else reads or writes.
---@return integer fd Another number than that of `fileno`.
---@return string unread What has been read of a message that is not complete, for `from_fd`.
function Connection:detach() end

--- Returns the descriptor, which remains the connection's.
---
--- Raises `ConnectionClosed` if there is none.
---@return integer
function Connection:fileno() end

--- Reads a message. What has come of one is kept until it is complete.
---
--- Raises `ConnectionClosed` or `ConnectionReset`.
---@return string? payload Nil if it is to be tried again later.
function Connection:get() end

--- Takes connections from now on; `accept` returns them. A socket that is in
--- use is closed first. With the port 0 the system picks one, and `address()`
--- tells it.
---
--- Raises `Exception` if the port cannot be listened on.
function Connection:listen() end

--- Waits for an event on the socket. In the document only a
--- `BlockingConnection` has it.
---
---     local events = conn:poll(connection.POLLIN, 1)
---     if events then print(events[1][2]) end
---
--- It sees what is in the socket, and not the part of a message that has been
--- read from there.
---
--- Raises `ConnectionClosed` if there is no socket.
---@param mask integer The sum of the events that are waited for, such as `POLLIN`.
---@param timeout? ave.Seconds
---@return { [1]: integer, [2]: integer }[]? events A list of {fd, event}; nil if none was seen in time.
function Connection:poll(mask, timeout) end

--- Writes a message. After `ConnectionAgain` the rest of it is kept, and sent
--- before anything else. `put()` continues it, and so does `put` with the same
--- payload; once that returns, the message was sent, and sent once.
---
--- A `put` with another payload sends the rest first. If it raises
--- `ConnectionAgain` as well, it is its own payload that is to be put again.
---
--- Raises:
---
--- * `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
--- * `TypeError` if there is no payload and nothing to continue.
---@param payload? string At most 4 GiB; it may be empty. Default: what is to be continued.
function Connection:put(payload) end

--- Reads bytes, without the header of a message. Those that have come are kept
--- until there are enough of them.
---
--- Raises `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
---@param size integer The number of bytes, exactly.
---@return string
function Connection:read(size) end

--- Writes bytes, without the header of a message. After `ConnectionAgain` it is
--- continued as `put` is: by `write` with the same bytes, or by `put()`.
---
--- Raises `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
---@param obj string The bytes. The name is the document's.
function Connection:write(obj) end

--- A `Connection` whose operations wait.
---
--- Several parts of a script may use one connection; one of them reads and one
--- writes at a time, and the others wait for their turn within their timeouts.
---@class ave.BlockingConnection: ave.Connection
---@overload fun(address: ave.Address, socket?: ave.Socket): ave.BlockingConnection
local BlockingConnection = {}
connection.BlockingConnection = BlockingConnection

--- The constructor: `BlockingConnection(address, socket)`. It does not connect.
---@param address ave.Address The peer, for `connect`; or where to `listen`.
---@param socket? ave.Socket A socket that is bound, listening or connected. Default: one is made.
function BlockingConnection:init(address, socket) end

--- Makes a connection of a descriptor: see `Connection.from_fd`. Not in the
--- document.
---@param fd integer A descriptor that belongs to nothing else. It is non-blocking from then on.
---@param unread? string What `detach` has returned with it.
---@return ave.BlockingConnection
function BlockingConnection.from_fd(fd, unread) end

--- Waits for a peer to connect. The connection must listen.
---
--- Raises `ConnectionTimeout` if nobody came in time, and `ConnectionClosed` if
--- the connection does not listen or was closed.
---@param timeout? ave.Seconds
---@return ave.BlockingConnection peer
function BlockingConnection:accept(timeout) end

--- Connects to the address. A connection that is connected stays so. An attempt
--- of `Connection.connect` that is under way is given up for a new one.
---
--- Raises:
---
--- * `ConnectionTimeout` if it could not be done in time.
--- * `ConnectionRefused` if it failed and the attempt is not optimistic.
--- * `Exception` if the connection has a socket to listen on.
---@param timeout? ave.Seconds
---@param optimist? boolean Go on trying until the timeout, because the peer may begin to listen later. Default: false.
function BlockingConnection:connect(timeout, optimist) end

--- Reads a message. What has come of one when the time is over is kept for the
--- next `get`. The document lets it return nil then; here it raises.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param timeout? ave.Seconds
---@return string payload
function BlockingConnection:get(timeout) end

--- Writes a message. When the time is over, the rest of it is kept and sent
--- before anything else; `put()` or `put` with the same payload continues it, as
--- with `Connection:put`.
---
--- Raises:
---
--- * `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
--- * `TypeError` if there is no payload and nothing to continue.
---@param payload? string At most 4 GiB; it may be empty. Default: what is to be continued.
---@param timeout? ave.Seconds
function BlockingConnection:put(payload, timeout) end

--- Reads bytes, without the header of a message. What has come when the time is
--- over is kept for the next `read` or `get`.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param size integer The number of bytes, exactly.
---@param timeout? ave.Seconds
---@return string
function BlockingConnection:read(size, timeout) end

--- Writes bytes, without the header of a message. When the time is over, the
--- rest is kept; `write` with the same bytes, or `put()`, continues it.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param obj string The bytes. The name is the document's.
---@param timeout? ave.Seconds
function BlockingConnection:write(obj, timeout) end

return connection
