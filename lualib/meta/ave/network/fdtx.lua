---@meta ave.network.fdtx

--- Passes open file descriptors between processes on one host.
---
---     local giver = FdTx()
---     local path = giver:listen("/run/user/1000/lab")
---     giver:accept(10)
---     giver:put("the listener and a client", listener, client)
---
---     local taker = FdTx()                                     -- in another process
---     taker:connect(path, 10)
---     local message, fds = taker:get(100, 2)
---     local listener = Connection.from_fd(fds[1])
---     local client = Connection.from_fd(fds[2])
---
--- The peer can be any program: a message is sent as the bytes of one sendmsg(2) on
--- a Unix stream socket, without a frame, with one SCM_RIGHTS. The descriptors mark
--- where a message ends. Messages without descriptors that follow each other arrive
--- as one message, unless they are received with `get_exactly`.
local fdtx = {}

--- Closes a descriptor that came from `get` and does not belong to an object. Not
--- in the document.
---
--- An object that was made with `from_fd` closes its descriptor itself. To use any
--- other descriptor as a file, open it with `io.open("/dev/fd/" .. fd)`, and then
--- close it here.
---
--- Raises `Exception` if the descriptor is not open.
---@param fd integer
function fdtx.close_fd(fd) end

--- Who can use the socket file of `FdTx:listen`: permissions in octal digits, as
--- for chmod.
---@class ave.ListenOptions
---@field mode? string The permissions of the socket file. Only the permission to write matters. Default: "0600".
---@field dir_mode? string The permissions of the directory, if it has to be made. Default: "0700".

--- One side of a transfer. It has at most one listening socket and one connection;
--- a new one replaces the old one, which is closed.
---
--- Several tasks may use one `FdTx`. One task puts and one task gets at a time; the
--- others wait for their turn.
---@class ave.FdTx: ave.Class
---@overload fun(so_path?: string): ave.FdTx
local FdTx = {}
fdtx.FdTx = FdTx

--- The constructor: `FdTx()`.
---@param so_path? string Ignored. In the document it is the path of a C library.
function FdTx:init(so_path) end

--- Waits for a peer to connect. A second call accepts the next peer, and closes the
--- connection to the first one; in the document this is undefined.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if it is not listening or is closed.
--- * `AuthError` if the peer runs as another user than `uid`. The peer is
---   disconnected; `accept` can be called again.
---@param timeout? ave.Seconds 0 only accepts a peer that is waiting already. Default: no limit.
---@param uid? integer The user that the peer must run as. Default: the user of this process, even for root.
function FdTx:accept(timeout, uid) end

--- Closes the sockets, and removes the file that `listen` made. Messages that were
--- put are not lost.
function FdTx:close() end

--- Connects to a peer that listens. It keeps trying until the timeout, no matter
--- why it fails.
---
--- Raises:
---
--- * `Timeout`, whose message says why the last attempt failed; `ConnectionClosed`
---   if `close` is called meanwhile.
--- * `AuthError` if the peer runs as another user than `uid`.
---@param path string The path that `listen` returned.
---@param timeout? ave.Seconds 0 tries once. It is mandatory in the document. Default: no limit.
---@param uid? integer The user that the peer must run as. Default: the user of this process, even for root.
function FdTx:connect(path, timeout, uid) end

--- Receives a message and its descriptors. The caller must close the descriptors or
--- make objects from them. Programs do not inherit them. Messages that a peer put
--- before it disconnected are received first.
---
--- A message of 32 KiB or more must have exactly the length `max_msg_len`, because
--- the kernel delivers it in pieces and does not mark the last one.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if the peer has disconnected or this side is
---   closed.
--- * `OverflowError` if the message is longer than `max_msg_len`. The connection is
---   then closed, because the rest would look like the next message. The same
---   happens if the message is exactly `max_msg_len` long and more bytes without
---   descriptors follow.
--- * `OverflowError` if there are more than `max_fds` descriptors, and `Exception`
---   if this process cannot open so many. The message is lost, with all its
---   descriptors.
---@param max_msg_len integer The largest number of bytes in the message.
---@param max_fds integer The largest number of descriptors.
---@param timeout? ave.Seconds 0 only takes a message that has arrived already. Default: no limit.
---@return string message
---@return integer[] fds
function FdTx:get(max_msg_len, max_fds, timeout) end

--- Receives a message whose length and number of descriptors are known. The message
--- may have any length, and may follow another one without descriptors. Not in the
--- document.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if the peer has disconnected or this side is
---   closed. If a part of the message has arrived by then, the connection is
---   closed.
--- * `OverflowError` if there are more descriptors than expected, and `Exception`
---   if there are fewer or if this process cannot open so many. The message is
---   lost, with all its descriptors.
---@param msg_len integer The number of bytes.
---@param fds integer The number of descriptors.
---@param timeout? ave.Seconds 0 only takes a message that has arrived already. Default: no limit.
---@return string message
---@return integer[] fds
function FdTx:get_exactly(msg_len, fds, timeout) end

--- Makes a socket file and starts to listen on it. Connections wait for `accept`.
--- The directory is made if it does not exist, and is not removed. Sockets that
--- were open are closed first.
---
---     tx:listen("/run/lab", "door", { mode = "0660", dir_mode = "0750" })
---
--- Raises `Exception` if the file exists already or cannot be made.
---@param dirname string The directory.
---@param filename? string The name of the socket file. Default: a random name.
---@param options? ave.ListenOptions
---@return string path The absolute path of the file.
function FdTx:listen(dirname, filename, options) end

--- Sends a message with copies of descriptors. The originals still belong to the
--- sender, who may close them at once: the message arrives complete even if the
--- sender ends.
---
---     tx:put("state", 7, conn, pipe, control.socket)
---
--- Objects with a method `fileno`, such as connections, pipes and sockets, can be
--- given in place of numbers. What such an object has read already is not sent. To
--- give away an object that is in use, call its `detach`, and send `unread` in the
--- message. The copies share the offset and flags of the originals; our sockets are
--- non-blocking.
---
--- If the peer does not read fast enough, it waits. It has no timeout.
---
--- Raises:
---
--- * `ConnectionClosed` if the peer has disconnected or this side is closed.
--- * `OverflowError` if there are more than 253 descriptors, the limit of the
---   kernel.
--- * `TypeError` if the message is empty: the socket sends descriptors only
---   together with bytes.
--- * `Exception` if a descriptor is not open. Nothing is sent then.
---@param message string At least one byte.
---@param ... integer|table Descriptors, or objects with a method `fileno`.
function FdTx:put(message, ...) end

return fdtx
