---@meta ave.profile

--- Profiles: descriptions of equipment, which clients use to ask for it.
local profile = {}

--- A set of properties, such as `{ type = "handset", vendor = "acme" }`.
---
--- Values are JSON values. They can be nested, and are compared by content. Read a
--- property as a field: `profile.type`; a table is returned as a copy. To read a
--- property that has the name of a method, use `values()`.
---
--- A profile can be the key of a table, as in a dictionary of Python: two equal
--- profiles of the same class are the same object. Therefore a profile cannot be
--- changed; `with` makes a changed copy.
---
---     local leased = { [Profile{ type = "relay", uid = "b" }] = true }
---     leased[Profile{ uid = "b", type = "relay" }]    --> true
---
--- A child class can require properties:
---
---     local Handset = Profile:subclass("HandsetProfile")
---     Handset.mandatory = { "type", "serial" }
---
--- A missing property raises a `TypeError` that names it.
---@class ave.Profile: ave.Class
---@field mandatory? string[] Set on a class: the properties that its profiles must have.
---@field [string] any The properties.
---@overload fun(values: table<string, any>|ave.Profile): ave.Profile
local Profile = {}
profile.Profile = Profile

--- The constructor: `Profile(values)`.
---
--- Raises `TypeError` if a mandatory property is missing, if a key is not a string,
--- or if a value cannot be encoded as JSON.
---@param values table<string, any>|ave.Profile The properties. They are copied.
---@return ave.Profile
function Profile:init(values) end

--- Tells whether this profile has all properties of another one, with the same
--- values. Every profile matches an empty table.
---
---     Profile{ type = "handset", vendor = "acme" }:match{ type = "handset" }    --> true
---@param profile table<string, any>|ave.Profile The properties to look for.
---@return boolean
function Profile:match(profile) end

--- Makes a profile of the same class that keeps only the mandatory properties and
--- those that are named in `profile`, with this profile's values.
---@param profile? table<string, any>|ave.Profile A table whose keys are the names to keep. Names that this profile does not have are ignored. Default: none.
---@return ave.Profile
function Profile:minimize(profile) end

--- Returns the properties in a new plain table. Not in the document.
---@return table<string, any>
function Profile:values() end

--- Makes a profile of the same class with some properties changed. Not in the
--- document.
---
---     relay:with{ pretty = "lab 3", owner = json.null }
---
--- Raises `TypeError` if a mandatory property would be removed.
---@param values table<string, any> The changes. The value `ave.json.null` removes a property.
---@return ave.Profile
function Profile:with(values) end

return profile
