---@meta ave

--- All modules in one table: `ave.cmd.run`, `ave.Control`, `ave.Profile`.
---
--- After `local ave = require("ave")`, each module is loaded when it is first used.
--- In the REPL and in `avescript -e`, `ave` is a global; scripts require it. Each
--- name is documented with its module.
---
--- Rules for all modules:
---
--- * **Names** are those of ave-common, the document of the earlier system. Keyword
---   arguments of Python became a table of options, the last argument. An unknown
---   option is an error that lists the options that exist.
--- * **Wrong arguments** raise a `TypeError` that names the function and the
---   argument, what was wanted and what was given.
--- * **Errors** are objects with a class: see `ave.exceptions`. `pcall` catches
---   them: `if not ok and err:is("Timeout") then ... end`. An error without a more
---   specific class is an `Exception`. Every function may raise `TypeError` and
---   `Exception`; its documentation names the others.
--- * **Waiting** stops only the task that waits. In a service, other calls are
---   served in the meantime if their methods are concurrent.
local ave = {}

ave.args = require("ave.args")
ave.broker = require("ave.broker")
ave.bundle = require("ave.bundle")
ave.cmd = require("ave.cmd")
ave.config = require("ave.config")
ave.daemon = require("ave.daemon")
ave.debug = require("ave.debug")
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
ave.text = require("ave.text")
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
ave.repl = ave.debug.repl

--- A time in seconds, 0 or more; fractions are allowed. As a timeout, nil means no
--- limit, and 0 does not wait at all. Functions that differ say so.
---@alias ave.Seconds number

--- A host name or IP address, and a port from 0 to 65535. The host "" means
--- localhost for a client, and all interfaces for a service.
---@alias ave.Address { [1]: string?, [2]: integer }

--- What all classes have in common.
---
--- Calling a class makes an object: `Profile{ type = "handset" }`. A script can
--- make child classes:
---
---     local Echo = Control:subclass("Echo")
---
---     function Echo:init(options)
---         Control.init(self, options)    -- the parent's constructor
---         self.count = 0
---     end
---
--- Calling the class calls `init` with the new object and the arguments. A class
--- without `init` inherits its parent's. An `init` of your own must call the
--- parent's.
---@class ave.Class
---@field super? table The parent class.
local Class = {}

--- Makes a child of this class. Call it on a class: `Class:subclass("Name")`.
---@generic T
---@param self T
---@param name string The name of the class, as messages show it. The process of a service is named after it.
---@return T class
function Class:subclass(name) end

--- Tells whether the object belongs to a class or to a child of it. A class can be
--- given by name even if it is not defined in this process, which is useful for
--- errors of a service.
---
---     err:is("Busy")
---     err:is(exceptions.Timeout)
---@param class table|string The class, or its name.
---@return boolean
function Class:is(class) end

return ave
