---@meta ave.network.connection

--- Messages over TCP.
---
--- A message, or frame, is a length of 4 bytes, most significant byte first,
--- followed by that many bytes.
local connection = {}

--- An event of `Connection:poll`: there is something to read. The values are those
--- of poll(2).
---@type integer
connection.POLLIN = nil
--- An event of `Connection:poll`: data can be written.
---@type integer
connection.POLLOUT = nil
--- An event of `Connection:poll`, always reported: an error.
---@type integer
connection.POLLERR = nil
--- An event of `Connection:poll`, always reported: the other side has closed the
--- connection.
---@type integer
connection.POLLHUP = nil
--- An event of `Connection:poll`, always reported: the descriptor is not open.
---@type integer
connection.POLLNVAL = nil

--- The arguments of `find_free_port`, by name.
---@class ave.PortOptions
---@field start? integer
---@field stop? integer
---@field listen? boolean

--- Picks a free port at random, and binds a socket to it on all interfaces.
---
---     local socket, port = connection.find_free_port()
---     local socket, port = connection.find_free_port{ listen = false }
---
--- Raises `Exception` if no free port was found in 20000 attempts, as in the
--- document, or if the range is not valid.
---@param start? integer|ave.PortOptions The first port of the range. Default: 49152.
---@param stop? integer The port after the last one. Default: 65536.
---@param listen? boolean Accept connections from now on. Default: true.
---@return ave.Socket socket
---@return integer port
function connection.find_free_port(start, stop, listen) end

--- A socket that no connection or service uses yet.
---
--- If it is given to a connection, a client or a service that is started, it
--- belongs to that, and must not be used elsewhere.
---@class ave.Socket: ave.Class
local Socket = {}
connection.Socket = Socket

--- Raises `TypeError`: sockets are made by `find_free_port` and `from_fd`.
function Socket:init() end

--- Makes a socket from a descriptor, such as one that came from another process.
--- The descriptor then belongs to the socket. Not in the document.
---
--- Raises `Exception` if it is not a TCP socket. The descriptor then still belongs
--- to the caller.
---@param fd integer A descriptor that is used nowhere else.
---@return ave.Socket
function Socket.from_fd(fd) end

--- Returns the address that the socket is bound to.
---
--- Raises `Exception` if the socket was closed.
---@return ave.Address
function Socket:address() end

--- Closes the socket.
function Socket:close() end

--- Hands the descriptor to the caller, who must close it, and closes the socket.
--- The number differs from that of `fileno`. Not in the document.
---
--- Raises `Exception` if the socket was closed.
---@return integer fd
function Socket:detach() end

--- Returns the descriptor. It still belongs to the socket.
---
--- Raises `Exception` if the socket was closed.
---@return integer
function Socket:fileno() end

--- A queue of messages over TCP. Its methods do not wait.
---
--- If something cannot be done at once, a method raises `ConnectionAgain`. Try
--- again when `poll` reports an event. Nothing is lost or sent twice: incomplete
--- messages are kept, in both directions.
---
---     local ok, err = pcall(conn.put, conn, message)
---     while not ok and err:is("ConnectionAgain") do
---         conn:poll(connection.POLLOUT)
---         ok, err = pcall(conn.put, conn)
---     end
---
--- A connection and its descriptor are passed to a new process that uses it: see
--- `ave.network.process`.
---
--- `tostring` gives its address and state: `Connection (10.0.0.7:4000, connected)`.
---
--- Its methods also work on a `BlockingConnection`: `Connection.get(blocking)`
--- takes what is available, and `blocking:get()` waits for the rest.
---@class ave.Connection: ave.Class
---@overload fun(address: ave.Address, socket?: ave.Socket): ave.Connection
local Connection = {}
connection.Connection = Connection

--- The constructor: `Connection(address, socket)`. It does not connect.
---@param address ave.Address The address to connect to, or to listen on.
---@param socket? ave.Socket A socket that is bound, listening or connected. Default: a new socket.
function Connection:init(address, socket) end

--- Makes a connection from a descriptor, such as one that came from another
--- process. The descriptor then belongs to the connection. Not in the document.
---
--- Raises:
---
--- * `Exception` if it is not a TCP socket. The descriptor then still belongs to
---   the caller.
--- * `ConnectionClosed` if `unread` is given and the peer has closed the connection
---   in the meantime.
---@param fd integer A descriptor that is used nowhere else. It becomes non-blocking.
---@param unread? string What `detach` returned with it.
---@return ave.Connection
function Connection.from_fd(fd, unread) end

--- Accepts the next connection. This connection must be listening.
---
--- Raises `ConnectionAgain` if no peer has connected yet, and `ConnectionClosed` if
--- this connection is not listening or was closed.
---@return ave.Connection peer
function Connection:accept() end

--- Returns the address of the peer; of a connection that listens, its own address.
--- Not in the document.
---@return ave.Address
function Connection:address() end

--- Closes the connection. Tasks that wait for it get `ConnectionClosed`.
function Connection:close() end

--- Connects to the address. Does nothing if it is connected already.
---
--- Looking up the name of the host may take a while. All addresses of the host are
--- tried. The descriptor may change with each call.
---
--- Raises:
---
--- * `ConnectionInProgress` if it takes longer. `poll` for POLLOUT, and call it
---   again.
--- * `ConnectionRefused` if it failed.
--- * `Exception` if the connection is for listening.
function Connection:connect() end

--- Hands the descriptor to the caller, who must close it. The connection is closed
--- in this object, but the peer does not notice. Not in the document.
---
---     local fd, unread = conn:detach()
---     local same = Connection.from_fd(fd, unread)
---
--- Raises `ConnectionAgain`, and does nothing, while a message is sent only in
--- part, or while another task reads or writes.
---@return integer fd The descriptor. The number differs from that of `fileno`.
---@return string unread The part of an incomplete message that was read already, for `from_fd`.
function Connection:detach() end

--- Returns the descriptor. It still belongs to the connection.
---
--- Raises `ConnectionClosed` if the connection is not open.
---@return integer
function Connection:fileno() end

--- Reads a message. A part of a message is kept until the rest arrives.
---
--- Raises `ConnectionClosed` or `ConnectionReset`.
---@return string? payload Nil if no complete message has arrived yet.
function Connection:get() end

--- Starts to listen; `accept` returns the connections. A socket that is in use is
--- closed first. With port 0 the system picks a port: see `address()`.
---
--- Raises `Exception` if it cannot listen on the port.
function Connection:listen() end

--- Waits for an event on the socket. In the document, only `BlockingConnection` has
--- this method.
---
---     local events = conn:poll(connection.POLLIN, 1)
---     if events then print(events[1][2]) end
---
--- It looks at the socket only: a part of a message that was read from the socket
--- already does not count.
---
--- Raises `ConnectionClosed` if there is no socket.
---@param mask integer The sum of the events to wait for, such as `POLLIN`.
---@param timeout? ave.Seconds 0 only checks. Default: no limit.
---@return { [1]: integer, [2]: integer }[]? events A list of {fd, event}; nil after the timeout.
function Connection:poll(mask, timeout) end

--- Writes a message. After `ConnectionAgain`, the rest of it is kept and sent
--- before anything else. Call `put()`, or `put` with the same payload, to continue;
--- when it returns, the message was sent exactly once.
---
--- A `put` with another payload sends the rest first. If it also raises
--- `ConnectionAgain`, call it again with the new payload.
---
--- Raises:
---
--- * `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
--- * `TypeError` if there is no payload and nothing to continue.
---@param payload? string At most 4 GiB; it may be empty. Default: continue the last message.
function Connection:put(payload) end

--- Reads bytes, without a message header. Bytes are kept until enough of them have
--- arrived.
---
--- Raises `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
---@param size integer The number of bytes, exactly.
---@return string
function Connection:read(size) end

--- Writes bytes, without a message header. After `ConnectionAgain`, continue with
--- `write` of the same bytes or with `put()`.
---
--- Raises `ConnectionAgain`, `ConnectionClosed` or `ConnectionReset`.
---@param obj string The bytes. The name is the document's.
function Connection:write(obj) end

--- A `Connection` whose methods wait.
---
--- Several tasks may use one connection. One task reads and one task writes at a
--- time; the others wait for their turn, at most for their timeout.
---@class ave.BlockingConnection: ave.Connection
---@overload fun(address: ave.Address, socket?: ave.Socket): ave.BlockingConnection
local BlockingConnection = {}
connection.BlockingConnection = BlockingConnection

--- The constructor: `BlockingConnection(address, socket)`. It does not connect.
---@param address ave.Address The address to connect to, or to listen on.
---@param socket? ave.Socket A socket that is bound, listening or connected. Default: a new socket.
function BlockingConnection:init(address, socket) end

--- Makes a connection from a descriptor: see `Connection.from_fd`. Not in the
--- document.
---@param fd integer A descriptor that is used nowhere else. It becomes non-blocking.
---@param unread? string What `detach` returned with it.
---@return ave.BlockingConnection
function BlockingConnection.from_fd(fd, unread) end

--- Waits for a peer to connect. This connection must be listening.
---
--- Raises `ConnectionTimeout` if no peer connected in time, and `ConnectionClosed`
--- if this connection is not listening or was closed.
---@param timeout? ave.Seconds 0 only accepts a peer that is waiting already. Default: no limit.
---@return ave.BlockingConnection peer
function BlockingConnection:accept(timeout) end

--- Connects to the address. Does nothing if it is connected already. It replaces an
--- attempt of `Connection.connect` that is not finished.
---
--- Raises:
---
--- * `ConnectionTimeout` if it did not succeed in time.
--- * `ConnectionRefused` if it failed and `optimist` is not set.
--- * `Exception` if the connection is for listening.
---@param timeout? ave.Seconds 0 tries once, and gives the peer no time to answer. Default: no limit.
---@param optimist? boolean Keep trying until the timeout, because the peer may start to listen later. Default: false.
function BlockingConnection:connect(timeout, optimist) end

--- Reads a message. After a timeout, the part that has arrived is kept for the next
--- `get`. In the document it then returns nil; here it raises an error.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param timeout? ave.Seconds 0 only takes a message that has arrived already. Default: no limit.
---@return string payload
function BlockingConnection:get(timeout) end

--- Writes a message. After a timeout, the rest of it is kept and sent before
--- anything else. Call `put()`, or `put` with the same payload, to continue, as
--- with `Connection:put`.
---
--- Raises:
---
--- * `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
--- * `TypeError` if there is no payload and nothing to continue.
---@param payload? string At most 4 GiB; it may be empty. Default: continue the last message.
---@param timeout? ave.Seconds 0 only writes what the socket accepts at once. Default: no limit.
function BlockingConnection:put(payload, timeout) end

--- Reads bytes, without a message header. After a timeout, the bytes that have
--- arrived are kept for the next `read` or `get`.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param size integer The number of bytes, exactly.
---@param timeout? ave.Seconds 0 only takes bytes that have arrived already. Default: no limit.
---@return string
function BlockingConnection:read(size, timeout) end

--- Writes bytes, without a message header. After a timeout, the rest is kept;
--- continue with `write` of the same bytes or with `put()`.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param obj string The bytes. The name is the document's.
---@param timeout? ave.Seconds 0 only writes what the socket accepts at once. Default: no limit.
function BlockingConnection:write(obj, timeout) end

return connection
