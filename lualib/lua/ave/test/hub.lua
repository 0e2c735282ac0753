-- Tells reporters and helper files for busted what happens while tests run. A
-- channel is a list of words; a subscriber of { "test" } also gets { "test",
-- "start" }.

local hub = {}

local subscribers = {}

-- subscribe registers fn. It returns the argument for unsubscribe.
function hub.subscribe(channel, fn)
	-- a table with an id, because busted's unsubscribe takes that
	local subscriber = { id = {}, channel = channel, fn = fn }
	table.insert(subscribers, subscriber)
	return subscriber
end

-- unsubscribe returns the subscriber that is one no longer.
function hub.unsubscribe(subscriber)
	for i = #subscribers, 1, -1 do
		if subscribers[i] == subscriber or subscribers[i].id == subscriber then
			return table.remove(subscribers, i)
		end
	end
end

local function includes(wide, narrow)
	for i, word in ipairs(wide) do
		if narrow[i] ~= word then
			return false
		end
	end
	return true
end

-- publish calls the subscribers of a channel.
function hub.publish(channel, ...)
	for _, subscriber in ipairs({ unpack(subscribers) }) do
		if includes(subscriber.channel, channel) then
			subscriber.fn(...)
		end
	end
end

-- is_used tells whether there are subscribers.
function hub.is_used() return subscribers[1] ~= nil end

function hub.parent(element) return element.parent end

function hub.children(element) return element.children or {} end

return hub
