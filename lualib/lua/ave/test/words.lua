-- Chains of words, such as is_not.equal. Dots and underscores separate words; upper
-- and lower case are the same. A chain is a table with its text at 1 and, after a
-- call that did not end it, the state of that call at 2. The chain that follows a
-- word is cached under that word.

local require = require -- tests may replace it

local words = {}

-- What is registered, by namespace ("assertion", "modifier", "matcher") and name.
words.registered = { assertion = {}, modifier = {}, matcher = {} }

local parsed = {} -- parsed chains, by namespace and text

-- no_change is a modifier without effect.
function words.no_change() end

-- register sets the entry of a name; nil removes it.
function words.register(namespace, name, entry)
	words.registered[namespace] = words.registered[namespace] or {}
	words.registered[namespace][name:lower()] = entry
	parsed = {}
end

local complete = false

-- complete loads what most tests do not need. It returns whether something was
-- loaded.
function words.complete()
	local before = complete
	complete = true
	if not before then
		require("ave.test.spychecks")
		require("ave.test.matchers")
	end
	return not before
end

-- find searches for the longest name that ends with the word at last. It returns
-- the index of its first word.
local function find(namespace, list, last)
	local own, modifiers = words.registered[namespace], words.registered.modifier
	for first = 1, last do
		local name = table.concat(list, "_", first, last)
		if own[name] or modifiers[name] then
			return name, first
		end
	end
	if words.complete() then
		return find(namespace, list, last)
	end
	error("luassert: unknown modifier/" .. namespace .. ": '" .. table.concat(list, "_", 1, last) .. "'", 0)
end

-- names lists the registered names in a list of words.
function words.names(namespace, list)
	local names, last = {}, #list
	while last > 0 do
		local name, first = find(namespace, list, last)
		table.insert(names, 1, name)
		last = first - 1
	end
	return names
end

-- parse splits a chain into modifiers and the entry at its end, if there is one.
function words.parse(namespace, text)
	local chain = parsed[namespace] and parsed[namespace][text]
	if chain then
		return chain
	end
	local list = {}
	for word in text:lower():gmatch("[^_]+") do
		list[#list + 1] = word
	end
	chain = { modifiers = {} }
	for _, name in ipairs(words.names(namespace, list)) do
		chain.last = words.registered[namespace][name] or chain.last
		local modifier = words.registered.modifier[name]
		if modifier and modifier.callback ~= words.no_change then
			table.insert(chain.modifiers, modifier)
		end
	end
	parsed[namespace] = parsed[namespace] or {}
	parsed[namespace][text] = chain
	return chain
end

-- state makes the state that callbacks see: mod is false after "not".
function words.state(from)
	local state = { mod = true }
	if from then
		for k, v in pairs(from) do
			state[k] = v
		end
	end
	return state
end

function words.chain(meta, text, state) return setmetatable({ text, state }, meta) end

-- follow is the __index of a chain.
function words.follow(chain, word)
	if type(word) ~= "string" then
		return nil
	end
	local text = rawget(chain, 1)
	local longer = words.chain(getmetatable(chain), text == "" and word or text .. "_" .. word, rawget(chain, 2))
	rawset(chain, word, longer)
	return longer
end

return words
