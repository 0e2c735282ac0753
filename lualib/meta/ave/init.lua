---@meta ave

--- Everything under one roof: `ave.cmd.run`, `ave.Control`, `ave.Profile`.
---
--- `require("ave")` loads a module when something in it is used for the first
--- time. The REPL and `avescript -e` have `ave` as a global; a script requires
--- it. What each name stands for is documented with its module.
---
--- What holds for all modules:
---
--- * **Names** are those of the earlier system's document, ave-common. Where
---   Python had keyword arguments, the last argument is a table of options. An
---   option that does not exist is an error that lists those that do.
--- * **Wrong arguments** raise a `TypeError` that names the function, the
---   argument, what was wanted and what came.
--- * **Errors** are objects of a class, see `ave.exceptions`. `pcall` catches
---   them: `if not ok and err:is("Timeout") then ... end`. An error that has no
---   class of its own, such as one of the operating system, is an `Exception`.
---   Every function may raise these two; its documentation tells the others.
--- * **Waiting** stops only the Lua code that waits. In a service, other calls
---   are served meanwhile if their methods are concurrent.
local ave = {}

ave.args = require("ave.args")
ave.broker = require("ave.broker")
ave.cmd = require("ave.cmd")
ave.config = require("ave.config")
ave.daemon = require("ave.daemon")
ave.connection = require("ave.network.connection")
ave.control = require("ave.network.control")
ave.env = require("ave.env")
ave.exceptions = require("ave.exceptions")
ave.fdtx = require("ave.network.fdtx")
ave.fs = require("ave.fs")
ave.http = require("ave.http")
ave.json = require("ave.json")
ave.log = require("ave.log")
ave.network = require("ave.network")
ave.persona = require("ave.persona")
ave.pipe = require("ave.network.pipe")
ave.posix = require("ave.posix")
ave.process = require("ave.network.process")
ave.profile = require("ave.profile")
ave.regex = require("ave.regex")
ave.screen = require("ave.screen")
ave.task = require("ave.task")
ave.test = require("ave.test")
ave.time = require("ave.time")

ave.BlockingConnection = ave.connection.BlockingConnection
ave.Connection = ave.connection.Connection
ave.Control = ave.control.Control
ave.Pipe = ave.pipe.Pipe
ave.Daemon = ave.daemon.Daemon
ave.FdTx = ave.fdtx.FdTx
ave.Process = ave.process.Process
ave.Profile = ave.profile.Profile
ave.RemoteControl = ave.control.RemoteControl
ave.Screen = ave.screen.Screen
ave.find_free_port = ave.connection.find_free_port

--- A time in seconds, whole or not, 0 or more. Nil waits for ever, and 0 does
--- not wait at all; functions that see it otherwise say so.
---@alias ave.Seconds number

--- A host's name or IP address, and a port from 0 to 65535. The host "" is
--- localhost for a client, and all interfaces for a service.
---@alias ave.Address { [1]: string?, [2]: integer }

--- What every class has.
---
--- A class is called to make an object: `Profile{ type = "handset" }`. A script
--- makes classes of its own from those that there are:
---
---     local Echo = Control:subclass("Echo")
---
---     function Echo:init(options)
---         Control.init(self, options)    -- the parent's constructor
---         self.count = 0
---     end
---
--- Calling the class calls `init` with the new object and the arguments. A
--- class without an `init` has its parent's; one with an `init` calls it.
---@class ave.Class
---@field super? table The parent class.
local Class = {}

--- Makes a class whose parent this one is. It is a function of classes, and is
--- called as `Class:subclass("Name")`.
---@generic T
---@param self T
---@param name string The name of the class, which messages show. A service's process is named after it.
---@return T class
function Class:subclass(name) end

--- Tells whether the object belongs to a class, or to a child of it. A class
--- that is given by its name need not be known here, which is of use with the
--- errors of a service.
---
---     err:is("Busy")
---     err:is(exceptions.Timeout)
---@param class table|string The class or its name.
---@return boolean
function Class:is(class) end

return ave
