---@meta ave.profile

--- The descriptions by which equipment is asked for and leased.
local profile = {}

--- A set of properties, such as `{ type = "handset", vendor = "acme" }`.
---
--- Values are what JSON has, may be nested, and are compared deeply. A property
--- is read as a field, `profile.type`; a table that is read so is a copy. A
--- property that has the name of a method is found in `values()`.
---
--- In Python a profile could be the key of a dictionary. Here it can be the key
--- of a table: two equal profiles of one class are the same object. Therefore a
--- profile cannot be changed; `with` makes another.
---
---     local leased = { [Profile{ type = "relay", uid = "b" }] = true }
---     leased[Profile{ uid = "b", type = "relay" }]    --> true
---
--- A class of profiles may say which properties its profiles must have:
---
---     local Handset = Profile:subclass("HandsetProfile")
---     Handset.mandatory = { "type", "serial" }
---
--- Making one without them raises a `TypeError` that names the first missing.
---@class ave.Profile: ave.Class
---@field mandatory? string[] Of a class: the properties that its profiles must have.
---@field [string] any The properties.
---@overload fun(values: table<string, any>|ave.Profile): ave.Profile
local Profile = {}
profile.Profile = Profile

--- The constructor: `Profile(values)`.
---
--- Raises `TypeError` if a mandatory property is missing, a key is not a string
--- or a value has no form in JSON.
---@param values table<string, any>|ave.Profile The properties, which are copied.
---@return ave.Profile
function Profile:init(values) end

--- Tells whether this profile has every property of another, with the same
--- values. Everything matches an empty table.
---@param profile table<string, any>|ave.Profile What is wanted.
---@return boolean
function Profile:match(profile) end

--- Makes a profile of the same class with fewer properties: those that are
--- mandatory, and those that `profile` names. The values are this profile's. A
--- property that it does not have is left out.
---@param profile? table<string, any>|ave.Profile The names that are kept, as keys. Default: none.
---@return ave.Profile
function Profile:minimize(profile) end

--- Returns the properties as a plain table of the caller's own. Not in the
--- document.
---@return table<string, any>
function Profile:values() end

--- Makes a profile of the same class with other values for some properties.
--- Not in the document.
---
---     relay:with{ pretty = "lab 3", owner = json.null }
---
--- Raises `TypeError` if that takes a mandatory property away.
---@param values table<string, any> The changes. The value `ave.json.null` takes a property away.
---@return ave.Profile
function Profile:with(values) end

return profile
