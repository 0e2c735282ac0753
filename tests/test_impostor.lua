-- A client of what is no service, or of one that ends in the middle of a word.

local connection = require("ave.network.connection")
local Process = require("ave.network.process").Process
local RemoteControl = require("ave.network.control").RemoteControl

local BlockingConnection, find_free_port = connection.BlockingConnection, connection.find_free_port

-- The message as a frame.
local function framed(message)
	return ("\0\0%c%c"):format(math.floor(#message / 256), #message % 256) .. message
end

-- A service that says what it is told and no more: a list of texts, each of
-- which waits for a frame of the client, except the first.
local Parrot = Process:subclass("Parrot")

function Parrot:close_fds(exclude)
	exclude[#exclude + 1] = self.socket:fileno()
	Process.close_fds(self, exclude)
end

function Parrot:run()
	local listener = BlockingConnection({ "", 0 }, self.socket)
	for _, texts in ipairs(self.conversations) do
		local conn = listener:accept(20)
		for i, text in ipairs(texts) do
			if i > 1 then
				conn:get(10)
			end
			conn:write(text, 10)
		end
		if texts.stays then
			pcall(conn.get, conn, 10) -- until the client goes
		end
		conn:close()
	end
end

describe("a client", function()
	local conversation = {
		framed("#CHALLENGE#" .. ("s"):rep(32) .. ";sha256"), framed('{"authenticated": true}'), framed('{"result": "right"}'),
	}
	local parrot, port

	local function start(conversations)
		parrot = Parrot()
		parrot.conversations = conversations
		parrot.socket, port = find_free_port()
		parrot:start()
		parrot.socket:close()
	end

	local function call()
		local client = RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 10 })
		local ok, result = pcall(client.echo, client, 1)
		client:close()
		return ok and result or error(result, 0)
	end

	after_each(function()
		parrot:kill()
		parrot:join(10)
	end)

	it("is told by the end of the connection that an answer was cut at any byte", function()
		local cuts = {}
		for i, text in ipairs(conversation) do
			for cut = 0, #text - 1 do
				local texts = { unpack(conversation, 1, i - 1) }
				texts[i] = text:sub(1, cut)
				cuts[#cuts + 1] = texts
			end
		end
		cuts[#cuts + 1] = conversation
		start(cuts)
		for _ = 1, #cuts - 1 do
			assert.raises("ConnectionClosed", call)
		end
		assert.equal("right", call())
		assert.equal(0, parrot:join(10))
	end)

	it("does not wait for answers of 4 GiB", function()
		local claim = "\255\255\255\255{"
		start { { claim, stays = true }, { conversation[1], conversation[2], claim, stays = true } }
		assert.matches("is not an AVE service", assert.raises("AuthError", call).message)
		assert.matches("got one of 4294967295", assert.raises("Exception", call).message)
		assert.equal(0, parrot:join(10))
	end)
end)
