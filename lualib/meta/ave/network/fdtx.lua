---@meta ave.network.fdtx

--- Open descriptors between the processes of one host.
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
--- The peer may be any program: on the way, a message is the bytes of one
--- sendmsg(2) on a Unix stream socket, without a frame, and one SCM_RIGHTS. It is
--- descriptors that mark where a message ends. Those without any which follow
--- each other arrive as one, unless they are got by `get_exactly`.
local fdtx = {}

--- Closes a descriptor that came by `get` and that belongs to no object. Not in
--- the document.
---
--- An object that is made `from_fd` closes its descriptor itself. Another one can
--- be opened as a file by `io.open("/dev/fd/" .. fd)`, and then be closed.
---
--- Raises `Exception` if it is not open.
---@param fd integer
function fdtx.close_fd(fd) end

--- Who may use the socket file of `FdTx:listen`: permissions in octal digits, as
--- chmod takes them.
---@class ave.ListenOptions
---@field mode? string Those of the socket file, of which only the one to write matters. Default: "0600".
---@field dir_mode? string Those of the directory, if it has to be made. Default: "0700".

--- One side of a transfer. It has at most one socket to listen on, and one
--- connection: a new one takes the place of the last, which is closed.
---
--- Several parts of a script may use one; one of them puts and one gets at a
--- time, and the others wait for their turn.
---@class ave.FdTx: ave.Class
---@overload fun(so_path?: string): ave.FdTx
local FdTx = {}
fdtx.FdTx = FdTx

--- The constructor: `FdTx()`.
---@param so_path? string Has no effect: it is the C library that the document's FdTx needs.
function FdTx:init(so_path) end

--- Waits for a peer to connect. In the document, what a second call does is not
--- defined; here it takes the next peer, and closes the connection to the first.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if it does not listen or is closed.
--- * `AuthError` if the peer runs as another user than is expected. It is
---   disconnected; `accept` can be called again.
---@param timeout? ave.Seconds
---@param uid? integer The user as whom the peer must run. Default: the own one, also for root.
function FdTx:accept(timeout, uid) end

--- Closes the sockets, and removes the file that `listen` has made. What was put
--- is not lost.
function FdTx:close() end

--- Connects to a peer that listens. It goes on trying until the time is over, for
--- whatever reason it fails.
---
--- Raises:
---
--- * `Timeout`, whose message says why it failed; `ConnectionClosed` if it is
---   closed.
--- * `AuthError` if the peer runs as another user than is expected.
---@param path string What `listen` has returned.
---@param timeout? ave.Seconds In the document it must be given. 0 tries once.
---@param uid? integer The user as whom the peer must run. Default: the own one, also for root.
function FdTx:connect(path, timeout, uid) end

--- Receives a message and its descriptors, of which there may be fewer than
--- `max_fds`. They are the caller's, who closes them or makes objects of them, and
--- are not inherited by programs that are run. What a peer has put before it went
--- is received first.
---
--- A message of 32 KiB or more must have just the length `max_msg_len`: the kernel
--- delivers it in pieces, and does not tell the last one.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if the peer has gone, or this side is closed.
--- * `OverflowError` if the message is longer; the connection is closed, because
---   the rest of it would pass for the next message. It is the same if all of
---   `max_msg_len` is used, and what follows has no descriptors.
--- * `OverflowError` if there are more descriptors, and `Exception` if this process
---   cannot open as many. The message is lost, with all its descriptors.
---@param max_msg_len integer How many bytes the message may have.
---@param max_fds integer How many descriptors it may have.
---@param timeout? ave.Seconds
---@return string message
---@return integer[] fds
function FdTx:get(max_msg_len, max_fds, timeout) end

--- Receives a message whose length is known, with a number of descriptors that is
--- known. It may have any length, and be put without descriptors behind another
--- one. Not in the document.
---
--- Raises:
---
--- * `Timeout`, or `ConnectionClosed` if the peer has gone, or this side is closed.
---   If a part of the message has come by then, the connection is closed.
--- * `OverflowError` if there are more descriptors, and `Exception` if there are
---   fewer or this process cannot open as many. The message is lost, with all its
---   descriptors.
---@param msg_len integer The number of bytes.
---@param fds integer The number of descriptors.
---@param timeout? ave.Seconds
---@return string message
---@return integer[] fds
function FdTx:get_exactly(msg_len, fds, timeout) end

--- Makes a socket file and takes connections on it from now on; they wait for
--- `accept`. The directory is made if it is not there, and remains. What was open
--- is closed first.
---
---     tx:listen("/run/lab", "door", { mode = "0660", dir_mode = "0750" })
---
--- Raises `Exception` if the file exists already, or cannot be made.
---@param dirname string
---@param filename? string Default: a random one.
---@param options? ave.ListenOptions
---@return string path The absolute path of the file.
function FdTx:listen(dirname, filename, options) end

--- Sends a message with copies of descriptors. They remain the sender's, who may
--- close them at once: the message arrives whole even if the sender ends.
---
---     tx:put("state", 7, conn, pipe, control.socket)
---
--- An object is asked for its descriptor by its method `fileno`, which
--- connections, pipes and sockets have. What it has read already does not go
--- along: give away an object in use by `detach`, whose `unread` is for the
--- message. The copies share offset and flags with the original; sockets of ours
--- are non-blocking.
---
--- It waits while the peer gets too little, and has no timeout of its own.
---
--- Raises:
---
--- * `ConnectionClosed` if the peer has gone, or this side is closed.
--- * `OverflowError` if there are more than 253 descriptors, which is the kernel's
---   limit.
--- * `TypeError` if the message is empty: the socket carries descriptors with bytes
---   only.
--- * `Exception` if a descriptor is not open. Nothing is sent then.
---@param message string
---@param ... integer|table Descriptors, or objects with a method `fileno`.
function FdTx:put(message, ...) end

return fdtx
