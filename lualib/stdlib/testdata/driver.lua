-- Runs every snippet of a file, in this interpreter, and prints what came of
-- it. A snippet is a line. Prints go through print
-- itself, so that it is tested too.

local function quote(s)
  return '"' .. s:gsub('[%c"\\\128-\255]', function(c)
    return "\\" .. tostring(c:byte())
  end) .. '"'
end

local function show(...)
  local out = {}
  for i = 1, select("#", ...) do
    local v = (select(i, ...))
    local kind = type(v)
    if kind == "string" then
      out[i] = quote(v)
    elseif kind == "number" or kind == "boolean" or kind == "nil" then
      out[i] = tostring(v)
    else
      out[i] = kind
    end
  end
  return table.concat(out, ", ")
end

local function outcome(ok, ...)
  if ok then
    return show(...)
  end
  -- gopher-lua's own pcall puts a blank after an empty or a real position.
  local message = tostring((...)):gsub("^%S*:%d+: ", ""):gsub("^ ", "")
  return "error: " .. message
end

local function run(snippet)
  local chunk = loadstring("return " .. snippet, "=snippet") or assert(loadstring(snippet, "=snippet"))
  return outcome(pcall(chunk))
end

return function(lines)
  for _, snippet in ipairs(lines) do
    print(snippet)
    print("  --> " .. run(snippet))
  end
end
