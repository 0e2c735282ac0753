local ave = require("ave")
local Shelf = require("shelf")

describe("a shelf", function()
	local shelf, client, clients

	local function connect(key)
		local new = ave.RemoteControl({ "", shelf.port }, key, 5)
		table.insert(clients, new)
		return new
	end

	before_each(function()
		shelf = Shelf { authkey = "secret", anonymous = true, tools = { "axe", "saw" } }
		shelf:start { synchronize = true }
		clients = {}
		client = connect()
	end)

	after_each(function()
		for _, each in ipairs(clients) do
			each:close()
		end
		shelf:terminate()
		shelf:join()
	end)

	it("lends tools", function()
		assert.equals("axe", client:borrow("axe"))
		assert.same({ "saw" }, client:list())
	end)

	it("lends a tool to one client at a time", function()
		client:borrow("axe")
		local other = connect()
		local e = assert.raises("AveException", function() other:borrow("axe") end)
		assert.matches("not on the shelf", e.message)
	end)

	it("gets a tool back when its borrower disconnects", function()
		client:borrow("axe")
		client:close()
		local other = connect()
		eventually(function() assert.same({ "axe", "saw" }, other:list()) end)
	end)

	it("can only be stopped with the key", function()
		assert.raises("AuthError", function() client:stop() end)
		assert.raises("Exit", function() connect("secret"):stop() end)
		assert.equals(0, shelf:join(5))
	end)
end)
