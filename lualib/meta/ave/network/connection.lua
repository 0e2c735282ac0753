---@meta ave.network.connection

--- Messages over TCP.
---
--- A message, or frame, is a length of 4 bytes, most significant first, and then
--- that many bytes.
local connection = {}

--- Events of `BlockingConnection:poll`, with the values of poll(2). POLLERR,
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

--- A socket that nobody uses yet. `find_free_port` makes it.
---
--- A connection, a client or a started service to which it is given owns it from
--- then on.
---@class ave.Socket: ave.Class
local Socket = {}
connection.Socket = Socket

--- Raises `TypeError`: sockets are made by `find_free_port`.
function Socket:init() end

--- Tells what the socket is bound to.
---
--- Raises `Exception` if the socket was closed.
---@return ave.Address
function Socket:address() end

--- Closes the socket.
function Socket:close() end

--- Returns the descriptor, which remains the socket's.
---
--- Raises `Exception` if the socket was closed.
---@return integer
function Socket:fileno() end

--- A queue of messages over TCP whose operations wait.
---
--- The document derives it from a `Connection` whose operations do not wait.
--- Several parts of a script may use one connection; one of them reads and one
--- writes at a time, and the others wait for their turn within their timeouts.
---@class ave.BlockingConnection: ave.Class
---@overload fun(address: ave.Address, socket?: ave.Socket): ave.BlockingConnection
local BlockingConnection = {}
connection.BlockingConnection = BlockingConnection

--- The constructor: `BlockingConnection(address, socket)`. It does not connect.
---@param address ave.Address The peer, for `connect`; or where to `listen`.
---@param socket? ave.Socket A socket that is bound, listening or connected. Default: one is made.
function BlockingConnection:init(address, socket) end

--- Waits for a peer to connect. The connection must listen.
---
--- Raises `ConnectionTimeout` if nobody came in time, and `ConnectionClosed` if
--- the connection does not listen or was closed.
---@param timeout? ave.Seconds
---@return ave.BlockingConnection peer
function BlockingConnection:accept(timeout) end

--- Returns the peer's address, or the own one of a connection that listens. Not
--- in the document.
---@return ave.Address
function BlockingConnection:address() end

--- Closes the connection. Who waits for it gets `ConnectionClosed`.
function BlockingConnection:close() end

--- Connects to the address. A connection that is connected stays so.
---
--- Raises:
---
--- * `ConnectionTimeout` if it could not be done in time.
--- * `ConnectionRefused` if it failed and the attempt is not optimistic.
--- * `Exception` if the connection has a socket to listen on.
---@param timeout? ave.Seconds
---@param optimist? boolean Go on trying until the timeout, because the peer may begin to listen later. Default: false.
function BlockingConnection:connect(timeout, optimist) end

--- Returns the descriptor, which remains the connection's.
---
--- Raises `ConnectionClosed` if there is none.
---@return integer
function BlockingConnection:fileno() end

--- Reads a message. What has come of one when the time is over is kept for the
--- next `get`. The document lets it return nil then; here it raises.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param timeout? ave.Seconds
---@return string payload
function BlockingConnection:get(timeout) end

--- Takes connections from now on; `accept` returns them. A socket that is in
--- use is closed first. With the port 0 the system picks one, and `address()`
--- tells it.
---
--- Raises `Exception` if the port cannot be listened on.
function BlockingConnection:listen() end

--- Waits for an event on the socket.
---
---     local events = conn:poll(connection.POLLIN, 1)
---     if events then print(events[1][2]) end
---
--- Raises `ConnectionClosed` if there is no socket.
---@param mask integer The sum of the events that are waited for, such as `POLLIN`.
---@param timeout? ave.Seconds
---@return { [1]: integer, [2]: integer }[]? events A list of {fd, event}; nil if none was seen in time.
function BlockingConnection:poll(mask, timeout) end

--- Writes a message. When the time is over, the rest of it is kept and sent
--- before anything else; `put` with the same payload continues it.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`.
---@param payload string At most 4 GiB; it may be empty.
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

--- Writes bytes, without the header of a message.
---
--- Raises `ConnectionTimeout`, `ConnectionClosed` or `ConnectionReset`. How much
--- was written before that is not known.
---@param obj string The bytes. The name is the document's.
---@param timeout? ave.Seconds
function BlockingConnection:write(obj, timeout) end

return connection
