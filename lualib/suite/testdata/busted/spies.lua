-- Spies, with all that can be asked of them.
local function add(a, b) return a + b, "more" end

describe("a spy", function()
    it("passes calls on", function()
        local s = spy.new(add)
        local sum, more = s(1, 2)
        assert.equal(3, sum)
        assert.equal("more", more)
    end)
    it("needs no function", function()
        local s = spy.new()
        assert.is_nil(s(1))
        assert.spy(s).was.called(1)
    end)
    it("can be made by calling the module", function() assert.is_true(spy.is_spy(spy(add))) end)
    it("is known", function()
        assert.is_true(spy.is_spy(spy.new(add)))
        assert.is_false(spy.is_spy(add))
        assert.is_false(spy.is_spy({}))
    end)
    it("on a callable table", function()
        local s = spy.new(setmetatable({}, { __call = function(_, x) return x end }))
        assert.equal(5, s(5))
    end)
    for _, value in ipairs({ 1, "x", true, {} }) do
        it("refuses " .. type(value), function() spy.new(value) end)
    end
    it("lets errors through", function()
        local s = spy.new(function() error("broken", 0) end)
        assert.has_error(function() s() end, "broken")
        assert.spy(s).was.called(1)
    end)
    it("keeps nils", function()
        local s = spy.new(function(...) return select("#", ...), ... end)
        assert.equal(3, (s(nil, nil, nil)))
        assert.spy(s).was.called_with(nil, nil, nil)
        assert.spy(s).was_not.called_with(nil, nil)
    end)
end)

describe("a spy on a table", function()
    local t
    before_each(function() t = { add = add } end)
    it("takes the place", function()
        local s = spy.on(t, "add")
        assert.equal(t.add, s)
        assert.equal(3, (t.add(1, 2)))
        assert.spy(t.add).was.called(1)
    end)
    it("goes away", function()
        spy.on(t, "add")
        assert.equal(add, t.add:revert())
        assert.equal(add, t.add)
    end)
    it("goes away once", function()
        local s = spy.on(t, "add")
        s:revert()
        t.add = nil
        s:revert()
        assert.is_nil(t.add)
    end)
    it("is not on nothing", function()
        local s = spy.on(t, "missing")
        assert.is_nil(s())
    end)
end)

-- Each question with calls of a spy before it; all are asked both ways.
local calls = { 0, 1, 2, 3 }
local questions = {
    { "called", {} }, { "called", { 0 } }, { "called", { 1 } }, { "called", { 2 } },
    { "called_at_least", { 2 } }, { "called_at_most", { 2 } }, { "called_more_than", { 2 } }, { "called_less_than", { 2 } },
}

describe("counting", function()
    for _, n in ipairs(calls) do
        for _, question in ipairs(questions) do
            local name, arguments = question[1], question[2]
            for _, was in ipairs({ "was", "was_not", "is", "has_not", "has_no" }) do
                it(was .. "." .. name .. "(" .. tostring(arguments[1]) .. ") after " .. n, function()
                    local s = spy.new(add)
                    for i = 1, n do
                        s(i, i)
                    end
                    assert.spy(s)[was][name](unpack(arguments))
                end)
            end
        end
    end
end)

describe("called_with", function()
    local s = spy.new(function(...) return ... end)
    local key = { 1, { 2 } }
    s("a", 1)
    s("b", key)
    s()
    local wanted = {
        ["the first"] = { "a", 1 },
        ["the second"] = { "b", { 1, { 2 } } },
        ["nothing"] = {},
        ["too little"] = { "a" },
        ["too much"] = { "a", 1, 2 },
        ["another"] = { "c" },
        ["a matcher"] = { "a", match._ },
        ["a matcher of numbers"] = { match.is_string(), match.is_number() },
        ["a matcher of functions"] = { match.is_function() },
        ["a reference"] = { "b", match.is_ref(key) },
        ["another reference"] = { "b", match.is_ref({ 1, { 2 } }) },
    }
    for name, arguments in pairs(wanted) do
        for _, way in ipairs({ "called_with", "returned_with" }) do
            it(way .. " " .. name, function() assert.spy(s).was[way](unpack(arguments)) end)
            it("not " .. way .. " " .. name, function() assert.spy(s).was_not[way](unpack(arguments)) end)
        end
    end
    it("knows what a table was", function()
        local t = { 1 }
        local changed = spy.new()
        changed(t)
        t[1] = 2
        assert.spy(changed).was.called_with({ 1 })
        assert.spy(changed).was_not.called_with({ 2 })
        assert.spy(changed).was.called_with(match.is_ref(t))
    end)
    it("knows objects by their __eq", function()
        local meta = { __eq = function(a, b) return a.id == b.id end }
        local a, b = setmetatable({ id = 1, x = 1 }, meta), setmetatable({ id = 1, x = 2 }, meta)
        local seen = spy.new()
        seen(a)
        assert.spy(seen).was.called_with(b)
    end)
    it("knows functions", function()
        local seen = spy.new()
        seen(add, print)
        assert.spy(seen).was.called_with(add, print)
        assert.spy(seen).was_not.called_with(print, add)
    end)
end)

describe("what a spy keeps", function()
    local s = spy.new(function(x) return x and x * 2, nil end)
    s(1)
    s(2)
    it("are calls", function()
        assert.equal(2, #s.calls)
        assert.same({ 1, n = 1 }, s.calls[1].vals)
        assert.same({ 2, n = 1 }, s.calls[2].refs)
    end)
    it("are results", function()
        assert.equal(2, #s.returnvals)
        assert.same({ 2, nil, n = 2 }, s.returnvals[1].vals)
    end)
    it("can be asked itself", function()
        assert.is_true((s:called()))
        assert.is_true((s:called(2)))
        assert.is_false((s:called(3)))
        assert.equal(2, select(2, s:called()))
    end)
    it("can be forgotten", function()
        assert.equal(s, s:clear())
        assert.spy(s).was_not.called()
        assert.same({}, s.calls)
    end)
end)

describe("what is no spy", function()
    for _, name in ipairs({ "called", "called_with", "returned_with", "called_at_least" }) do
        it(name .. " needs assert.spy", function() assert[name](1) end)
        it(name .. " needs the spy, not the function", function() assert.spy(add).was[name](1) end)
        it(name .. " needs a spy, not a table", function() assert.spy({}).was[name](1) end)
        it(name .. " needs a spy, not nil", function() assert.spy(nil).was[name](1) end)
    end
end)

describe("messages", function()
    local function message(fn)
        local ok, err = pcall(fn)
        assert(not ok)
        return tostring(err)
    end
    local s = spy.new(add)
    s(1, 2)
    it("say how often", function()
        local text = message(function() assert.spy(s).was.called(3) end)
        assert.matches("3", text)
        assert.matches("1", text)
    end)
    it("say with what", function()
        local text = message(function() assert.spy(s).was.called_with("x") end)
        assert.matches("%(values list%) %(%(string%) 'x'%)", text)
        assert.matches("%(values list%) %(%(number%) 1, %(number%) 2%)", text)
    end)
    it("say what the test says", function()
        assert.matches("my words", message(function() assert.spy(s, "my words").was.called(3) end))
        assert.matches("my words", message(function() assert.message("my words").spy(s).was.called(3) end))
    end)
end)
