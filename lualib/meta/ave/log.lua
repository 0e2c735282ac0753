---@meta ave.log

--- Logging, with levels and fields.
---
---     log.setup{ level = "debug", format = "json" }
---     log.info("leased", { handset = "0001", client = "ci" })
---
---     time=2026-11-22T14:30:00.000+01:00 level=INFO msg=leased client=ci handset=0001
---
--- The functions of the module are those of a default logger, which writes text
--- to stderr from the level "info" on unless `setup` makes another. Fields are
--- written in the order of their names: tables as JSON, errors and other objects
--- as `tostring` gives them.
local log = {}

--- How and where a logger writes.
---@class ave.LogOptions
---@field level? "debug"|"info"|"warn"|"error" The lowest level that is written. Default: "info".
---@field format? "text"|"json" Default: "text". Each entry is a line in both.
---@field file? string A file to append to, or a named pipe that somebody reads. Default: stderr.
---@field fields? table<string, any> What is written with every entry.

--- Writes an entry of the level "debug".
---@param message string
---@param fields? table<string, any>
function log.debug(message, fields) end

--- Writes an entry of the level "error".
---@param message string
---@param fields? table<string, any>
function log.error(message, fields) end

--- Writes an entry of the level "info".
---@param message string
---@param fields? table<string, any>
function log.info(message, fields) end

--- Makes another default logger. Raises `OSError` if the file cannot be opened.
---@param options? ave.LogOptions
function log.setup(options) end

--- Writes an entry of the level "warn".
---@param message string
---@param fields? table<string, any>
function log.warn(message, fields) end

--- Returns a logger that writes fields with every entry, besides those of the
--- default one.
---@param fields table<string, any>
---@return ave.Logger logger
function log.with(fields) end

--- A logger of one's own: `Logger{ file = "run.log" }`.
---@class ave.Logger: ave.Class
---@overload fun(options?: ave.LogOptions): ave.Logger
local Logger = {}
log.Logger = Logger

--- The constructor. Raises `OSError` if the file cannot be opened.
---@param options? ave.LogOptions
function Logger:init(options) end

--- Closes the file; the loggers that `with` has made share it. Raises
--- `Exception` if the logger has none.
function Logger:close() end

--- Writes an entry of the level "debug".
---@param message string
---@param fields? table<string, any>
function Logger:debug(message, fields) end

--- Writes an entry of the level "error".
---@param message string
---@param fields? table<string, any>
function Logger:error(message, fields) end

--- Writes an entry of the level "info".
---@param message string
---@param fields? table<string, any>
function Logger:info(message, fields) end

--- Writes an entry of the level "warn".
---@param message string
---@param fields? table<string, any>
function Logger:warn(message, fields) end

--- Returns a logger that writes fields with every entry, besides its own.
---@param fields table<string, any>
---@return ave.Logger logger
function Logger:with(fields) end

return log
