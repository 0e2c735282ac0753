-- ave.persona: who the process is.

local cmd = require("ave.cmd")

-- Runs a piece of Lua in an interpreter of its own, which may then be somebody
-- else.
local function interpret(code)
	return cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 })
end

local function is_root()
	return select(2, cmd.run("id -u")) == "0\r\n"
end

describe("become_user", function()
	it("changes the owner of what is made from then on", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local status, output = interpret([[
			local home = ave.persona.become_user("nobody")
			local name = os.tmpname()
			io.open(name, "w"):close()
			print(home, (select(2, ave.cmd.run { "stat", "-c", "%U", name }):match("%S+")))
			os.remove(name)
		]])
		assert.equal(0, status, output)
		local _, passwd = cmd.run("getent passwd nobody")
		assert.equal(passwd:match("([^:]*):[^:]*$"), output:match("^(%S+)\t"))
		assert.matches("\tnobody\r\n", output, 1, true)
	end)

	it("refuses an account that there is not", function()
		if not is_root() then
			pending("only the super user gets that far")
		end
		local e = assert.raises("Exception", require("ave.persona").become_user, "no-such-user")
		assert.matches("wanted the name of a user account, got \"no-such-user\"", e.message, 1, true)
	end)

	it("is for the super user alone", function()
		local code = [[
			local become_user = ave.persona.become_user
			pcall(become_user, "nobody")
			print(select(2, pcall(become_user, "root")).message)
		]]
		local _, output = interpret(code)
		assert.matches("wanted the super user to become \"root\", got effective uid %d+", output)
	end)

	it("wants a name", function()
		local e = assert.raises("TypeError", require("ave.persona").become_user)
		assert.equal("ave.persona.become_user: argument 'name': wanted a string, got nothing", e.message)
	end)
end)
