-- say: texts by key, in namespaces, which are usually languages. If the current
-- namespace has no text for a key, the fallback is used. The texts of assertions
-- are there from the start, so that suites can change them.

local say = { _registry = {} }

local current, fallback

function say:set_namespace(name)
	current = name
	self._registry[name] = self._registry[name] or {}
end

function say:set_fallback(name)
	fallback = name
	self._registry[name] = self._registry[name] or {}
end

function say:set(key, text) self._registry[current][key] = text end

-- Fills the places of a template. A place without a value gets "nil", because a
-- message with a gap is better than no message.
local function fill(template, values)
	local texts = {}
	for i = 1, values.n do
		texts[i] = tostring(values[i])
	end
	local _, places = template:gsub("%%[^%%]", "")
	for i = values.n + 1, places do
		texts[i] = "nil"
	end
	return template:format(unpack(texts))
end

local Say = {}

-- Returns the text of a key, filled with values, or nil.
function Say:__call(key, values)
	if values ~= nil and type(values) ~= "table" then
		error("expected parameter table to be a table, got '" .. type(values) .. "'", 2)
	end
	local template = self._registry[current][key]
	if template == nil then
		template = self._registry[fallback][key]
	end
	if template == nil then
		return nil
	end
	values = values or {}
	values.n = math.max(values.n or 0, #values)
	template = tostring(template)
	return values.n > 0 and fill(template, values) or template
end

function Say:__index(namespace) return self._registry[namespace] end

say:set_fallback("en")
say:set_namespace("en")

for key, text in pairs(require("luassert.languages.en")) do
	say:set(key, text)
end

return setmetatable(say, Say)
