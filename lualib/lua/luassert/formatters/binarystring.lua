-- A formatter for binary strings: bytes in hexadecimal, sixteen on a line, followed
-- by the printable ones.

local width = 16

local function line(bytes)
	local hex = bytes:gsub(".", function(c) return string.format("%2x ", c:byte()) end)
	hex = hex .. (" "):rep(3 * width - #hex)
	local text = bytes:gsub("[%z\1-\31]", ".")
	text = text .. (" "):rep(width - #text)
	local half = width / 2
	return hex:sub(1, 3 * half) .. "  " .. hex:sub(3 * half + 1) .. " " .. text:sub(1, half) .. " " .. text:sub(half + 1)
end

return function(value)
	if type(value) ~= "string" then
		return nil
	end
	local lines = { "Binary string length; " .. #value .. " bytes" }
	for at = 1, #value, width do
		lines[#lines + 1] = line(value:sub(at, at + width - 1))
	end
	return table.concat(lines, "\n") .. "\n"
end
