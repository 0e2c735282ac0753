---@meta ave.log

--- Writes logs, with levels and fields.
---
---     log.setup{ level = "debug", format = "json" }
---     log.info("leased", { handset = "0001", client = "ci" })
---
---     time=2026-11-22T14:30:00.000+01:00 level=INFO msg=leased client=ci handset=0001
---
--- The functions of this module use the default logger. It writes text to stderr,
--- from level "info" on, unless `setup` changes that. Fields are sorted by name.
--- Tables are written as JSON, errors and other objects as by `tostring`.
local log = {}

--- How and where to write.
---@class ave.LogOptions
---@field level? "debug"|"info"|"warn"|"error" The lowest level that is written. Default: "info".
---@field format? "text"|"json" Each entry is one line in both formats. Default: "text".
---@field file? string A file to append to, or a named pipe that another process reads. Default: stderr.
---@field fields? table<string, any> Fields to write with every entry. Default: none.

--- Writes an entry of level "debug".
---@param message string
---@param fields? table<string, any>
function log.debug(message, fields) end

--- Writes an entry of level "error".
---@param message string
---@param fields? table<string, any>
function log.error(message, fields) end

--- Writes an entry of level "info".
---@param message string
---@param fields? table<string, any>
function log.info(message, fields) end

--- Replaces the default logger. Raises `OSError` if the file cannot be opened.
---@param options? ave.LogOptions
function log.setup(options) end

--- Writes an entry of level "warn".
---@param message string
---@param fields? table<string, any>
function log.warn(message, fields) end

--- Returns a logger that writes these fields with every entry, in addition to those
--- of the default logger.
---@param fields table<string, any>
---@return ave.Logger logger
function log.with(fields) end

--- A separate logger: `Logger{ file = "run.log" }`.
---@class ave.Logger: ave.Class
---@overload fun(options?: ave.LogOptions): ave.Logger
local Logger = {}
log.Logger = Logger

--- The constructor. Raises `OSError` if the file cannot be opened.
---@param options? ave.LogOptions
function Logger:init(options) end

--- Closes the file. Loggers made by `with` share it. Raises `Exception` if the
--- logger has no file.
function Logger:close() end

--- Writes an entry of level "debug".
---@param message string
---@param fields? table<string, any>
function Logger:debug(message, fields) end

--- Writes an entry of level "error".
---@param message string
---@param fields? table<string, any>
function Logger:error(message, fields) end

--- Writes an entry of level "info".
---@param message string
---@param fields? table<string, any>
function Logger:info(message, fields) end

--- Writes an entry of level "warn".
---@param message string
---@param fields? table<string, any>
function Logger:warn(message, fields) end

--- Returns a logger that writes these fields with every entry, in addition to those
--- of this one.
---@param fields table<string, any>
---@return ave.Logger logger
function Logger:with(fields) end

return log
