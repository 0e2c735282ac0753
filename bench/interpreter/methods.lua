-- Objects with classes that inherit, and fields that change.
local Account = {}
Account.__index = Account

function Account.new(class, owner)
	return setmetatable({ owner = owner, balance = 0, entries = 0 }, class)
end

function Account:deposit(amount)
	self.balance = self.balance + amount
	self.entries = self.entries + 1
end

function Account:withdraw(amount)
	if self.balance < amount then return false end
	self.balance = self.balance - amount
	return true
end

local Savings = setmetatable({}, { __index = Account })
Savings.__index = Savings

function Savings:interest(rate)
	self:deposit(self.balance * rate)
end

local accounts = {}
for i = 1, 10 do accounts[i] = Savings:new("owner " .. i) end
for round = 1, 200000 do
	for i = 1, #accounts do
		local a = accounts[i]
		a:deposit(round % 17)
		a:withdraw(i)
		if round % 1000 == 0 then a:interest(0.001) end
	end
end
local sum, entries = 0, 0
for _, a in ipairs(accounts) do sum, entries = sum + a.balance, entries + a.entries end
print(string.format("%.3f", sum), entries)
