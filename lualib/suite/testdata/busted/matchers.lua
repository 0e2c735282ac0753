-- Matchers, alone and composed, with each modifier.
local f, co = function() end, coroutine.create(function() end)
local ref = {}
local text = setmetatable({}, { __tostring = function() return "some text" end })

local values = {
    ["nil"] = nil, ["true"] = true, ["false"] = false, zero = 0, one = 1, digits = "1", word = "word", empty = {},
    list = { 1, 2 }, twice = { 1, 1 }, deep = { { 1 }, { 1 } }, fn = f, co = co, file = io.stdout, ref = ref, text = text,
}

local makers = {
    is_nil = {}, is_boolean = {}, is_number = {}, is_string = {}, is_table = {}, is_function = {}, is_userdata = {},
    is_thread = {}, is_true = {}, is_false = {}, is_truthy = {}, is_falsy = {},
    is_equal = { 1 }, is_equals = { "word" }, is_same = { { 1, 2 } }, is_ref = { ref }, is_unique = {}, unique = { true },
    is_near = { 0.9, 0.2 }, is_match = { "o" }, is_matches = { "w.r" }, matches = { "w.r", 1, true }, is_not_nil = {},
    no_string = {}, is_not_equal = { 1 }, is_not_same = { {} }, has_match = { "text" }, Is_Not_Truthy = {},
}

describe("a matcher", function()
    for maker, arguments in pairs(makers) do
        for name in pairs({ ["nil"] = 1, ["true"] = 1, ["false"] = 1, zero = 1, one = 1, digits = 1, word = 1, empty = 1,
            list = 1, twice = 1, deep = 1, fn = 1, co = 1, file = 1, ref = 1, text = 1 }) do
            it(maker .. " of " .. name, function()
                assert.is_true(match[maker](unpack(arguments))(values[name]))
            end)
        end
    end
    it("in words", function()
        assert.is_true(match.is.number()(1))
        assert.is_true(match.is.Not.number()("1"))
        assert.is_true(match.is_not.number()("1"))
        assert.is_false(match.no.number()(1))
    end)
    it("is known", function()
        assert.is_true(match.is_matcher(match.is_nil()))
        assert.is_true(match.is_matcher(match._))
        assert.is_false(match.is_matcher({}))
        assert.is_false(match.is_matcher(f))
        assert.is_true(match.is_ref_matcher(match.is_ref({})))
        assert.is_false(match.is_ref_matcher(match.is_nil()))
    end)
    it("takes anything", function()
        assert.is_true(match._(nil))
        assert.is_true(match._(1))
    end)
    for _, maker in ipairs({ "is_equal", "is_same", "is_near", "is_match", "is_ref", "all_of", "any_of", "none_of" }) do
        it(maker .. " needs arguments", function() match[maker]() end)
    end
    it("is_near needs numbers", function() match.is_near("x", 1) end)
    it("is_match needs a pattern", function() match.is_match({}) end)
    it("is_match needs a number", function() match.is_match("x", "y") end)
    it("is_ref needs an object", function() match.is_ref(1) end)
    it("all_of needs matchers", function() match.all_of(match.is_nil(), 1) end)
    it("that there is not", function() match.is_sensible() end)
end)

describe("composed", function()
    local yes, no = match._, match.is_nil()
    local lists = { y = { yes }, n = { no }, yy = { yes, yes }, yn = { yes, no }, nn = { no, no }, yny = { yes, no, yes } }
    for _, maker in ipairs({ "all_of", "any_of", "none_of", "is_all_of", "is_not_any_of", "not_none_of" }) do
        for name, list in pairs(lists) do
            it(maker .. " " .. name, function() assert.is_true(match[maker](unpack(list))(1)) end)
        end
    end
    it("is composed again", function()
        local m = match.all_of(match.is_string(), match.any_of(match.matches("a"), match.matches("b")))
        assert.is_true(m("xa"))
        assert.is_true(m("xb"))
        assert.is_false(m("x"))
        assert.is_false(m(1))
    end)
end)

describe("a matcher of one's own", function()
    assert:register("matcher", "even", function(_, arguments)
        local by = arguments[1] or 2
        return function(value) return value % by == 0 end
    end)
    it("is there", function()
        assert.is_true(match.is_even()(4))
        assert.is_false(match.is_even()(3))
        assert.is_true(match.is_not_even()(3))
        assert.is_true(match.even(3)(9))
    end)
    it("is for spies", function()
        local s = spy.new()
        s(4)
        assert.spy(s).was.called_with(match.is_even())
        assert.spy(s).was_not.called_with(match.is_not_even())
    end)
    it("can be taken back", function()
        assert:unregister("matcher", "even")
        match.is_even()
    end)
end)

describe("a matcher is no value", function()
    it("of same", function() assert.same({ match._ }, { 1 }) end)
    it("of equal", function() assert.equal(match._, 1) end)
end)
