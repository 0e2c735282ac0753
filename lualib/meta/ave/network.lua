---@meta ave.network

--- The modules for services and clients, under the names that they have in the
--- document: `ave.network.control.Control`.
local network = {}

network.connection = require("ave.network.connection")
network.control = require("ave.network.control")
network.exceptions = require("ave.network.exceptions")
network.fdtx = require("ave.network.fdtx")
network.pipe = require("ave.network.pipe")
network.process = require("ave.network.process")

return network
