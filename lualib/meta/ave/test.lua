---@meta ave.test

--- Tests, written with the words of busted and luassert.
---
---     describe("a broker", function()
---         local broker
---
---         before_each(function() broker = start_broker() end)
---         after_each(function() broker:stop() end)
---
---         it("leases equipment", function()
---             assert.equals("handset", broker:get({ type = "handset" }).type)
---         end)
---
---         it("says when there is none", function()
---             assert.raises("NoSuch", function() broker:get({ type = "toaster" }) end)
---         end)
---     end)
---
--- All words are globals. If a script declares tests, they run at its end.
--- `avescript test` runs the tests of many files, each file in an interpreter of
--- its own. Put code that several files share into a module beside them: `require`
--- looks there first.
---
--- A test passes if its function returns. It **fails** if an assertion does not
--- hold. It is an **error** if anything else goes wrong, in the test or in a hook
--- that it depends on. Both make the run fail, but the other tests still run.
---
--- The order is that of busted. When a block's turn comes, its body runs and
--- declares its tests, hooks and inner blocks. Then its `setup` runs, its tests and
--- blocks in the order in which they were written, and its `teardown`. For each
--- test, the `before_each` hooks run from the outermost block inwards, and the
--- `after_each` hooks in the opposite order. The name of a hook is optional.
local test = {}

--- Options of a test. Options of a block apply to all its tests.
---@class ave.TestOptions
---@field tags? string[] Tags, in addition to those in the name, such as `#slow`.
---@field retries? integer How often to run a test again that goes wrong. All attempts are reported; the last one counts. Default: 0.
---@field xfail? boolean|string The test is expected to fail; a string says why. If it passes, the run fails.
---@field quarantine? boolean|string The test is run and reported, but does not make the run fail; a string says why.
---@field timeout? ave.Seconds How long the test may take, not counting its hooks. 0 means no limit. Default: what `--timeout` says.
---@field exclusive? string The name of a resource: tests with the same name here do not run at the same time in several workers.

--- Declares a block: tests that belong together, with their hooks. The full name of
--- a test begins with the names of its blocks. `describe.each` makes a block for
--- each row of a list.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.describe(name, options, fn) end

--- The same as `describe`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.context(name, options, fn) end

--- A block after which global variables and loaded modules are restored.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.insulate(name, options, fn) end

--- A block whose changes to global variables and loaded modules are kept, even
--- after the `insulate` block around it.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.expose(name, options, fn) end

--- Declares a test.
---
--- `it.each(rows)` declares a test for each row. A row that is a list gives the
--- arguments of the function; any other row is its only argument. In the name, `%s`
--- and other formats of `string.format` stand for the arguments, `$key` for a field
--- of the row, and `%%` for a percent sign. An empty list of rows declares a
--- pending test.
---
---     it.each({ { 1, 2, 3 }, { 2, 2, 4 } })("%d and %d make %d", function(a, b, sum)
---         assert.equals(sum, a + b)
---     end)
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.it(name, options, fn) end

--- The same as `it`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.spec(name, options, fn) end

--- The same as `it`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, options?: ave.TestOptions): fun(fn: fun())
function test.test(name, options, fn) end

--- In a block: declares a test that is expected to fail. In a test: says that the
--- rest of this test is expected to fail; the first argument is then the reason.
---@param name? string
---@param options? ave.TestOptions
---@param fn? fun()
---@overload fun(name: string, fn: fun())
function test.xfail(name, options, fn) end

--- Runs the tests and blocks of a block in random order. The seed is shown when a
--- test fails; give it to repeat that order. With `false` they run in the order in
--- which they are written, whatever the command line says.
---@param seed? integer|false Default: another seed for each run.
function test.randomize(seed) end

--- In a block: declares a test that is not run. In a test: ends the test at this
--- point and reports it as pending.
---@param name? string The test's name, or the reason.
---@param options? ave.TestOptions
---@param fn? fun() Not called.
---@overload fun(name: string, fn: fun())
function test.pending(name, options, fn) end

--- Registers a function that is called when the test ends, for any reason, even if
--- the run is interrupted. A test has only one such function: the last call counts.
---@param fn fun()
function test.finally(fn) end

--- Options of a hook: how long it may take, in place of the limit from the command
--- line. 0 means no limit.
---@alias ave.HookLimit { timeout?: ave.Seconds }

--- Runs once, before everything else in the block. If it fails, all tests of the
--- block are errors and do not run; only the bodies of inner blocks run.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.setup(name, options, fn) end

--- Runs once, after everything else in the block, even if `setup` failed or the run
--- is interrupted.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.teardown(name, options, fn) end

--- The same as `setup`.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.strict_setup(name, options, fn) end

--- The same as `teardown`.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.strict_teardown(name, options, fn) end

--- Runs once, before the first test of the block or of an inner block. It does not
--- run if no test runs.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.lazy_setup(name, options, fn) end

--- Runs once after the block, if there was a test to run in it.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.lazy_teardown(name, options, fn) end

--- Runs before each test of the block and of its inner blocks.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.before_each(name, options, fn) end

--- Runs after each test of the block and of its inner blocks, however the test has
--- ended, even if the run is interrupted.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.after_each(name, options, fn) end

--- How often and how long `eventually` tries.
---@class ave.EventuallyOptions
---@field timeout? ave.Seconds How long to try. With 0 the probe is called once. Default: 5.
---@field interval? ave.Seconds The time between two calls. Default: 0.05.

--- Waits until something becomes true. It calls the probe again and again, until
--- the probe returns a value other than nil and false. A probe that returns no
--- value, such as one that only makes assertions, succeeds when it returns without
--- an error. After the timeout the assertion fails, with the last value or the last
--- error.
---
---     local pid = eventually(function() return running("broker") end, { timeout = 10 })
---     eventually(function() assert.equals(2, #broker:list_available()) end)
---
--- The timeout is checked between two calls: it does not interrupt a probe that
--- hangs.
---@param probe fun(): ...
---@param options? ave.EventuallyOptions
---@return any ... What the probe returned last.
function test.eventually(probe, options) end

--- Returns a value that is made only once per run: by the first worker that asks
--- for it. The other workers get a copy. The value must be one that JSON can
--- encode. What `fn` starts, such as a service, may keep running.
---
---     local port = test.shared("broker", function() return start_broker() end)
---@param name string The name of the value.
---@param fn fun(): any Makes the value.
---@return any value
function test.shared(name, fn) end

--- Reserves a name, so that only one worker at a time uses it; others wait. In the
--- body of a block, each of the tests that follow reserves it while it runs. In a
--- test, `before_each` or `after_each`, it is reserved until the test ends; in
--- `setup` and the other hooks of a block, until the block ends.
---@param name string
function test.exclusive(name) end

--- Returns a directory for the running test. It is removed when the test is over,
--- and kept if the test fails. In `setup` and the other hooks of a block it belongs
--- to the block, and is kept if anything in the block fails.
---@return string path
function test.workspace() end

--- How long to wait for equipment that others have.
---@class ave.EquipmentOptions
---@field wait? ave.Seconds 0 does not wait. The last one that a block says counts for all its equipment. Default: 600.

--- In the body of a block, or of a file: declares that the tests need a piece of
--- equipment. Returns what is its handle in the tests and hooks of the block and of
--- its inner blocks; to use it anywhere else is an error.
---
---     describe("a phone", function()
---         local phone = test.equipment("phone", { type = "handset" })
---
---         it("has a number", function() assert.is_string(phone.profile.number) end)
---     end)
---
--- A block leases all its equipment in one request, before its first test and the
--- `setup` of the block: from the broker in `~/.ave/config/broker.json`, or, in a fleet, at
--- the host where the test runs. The lease ends with the block, whatever happens. If
--- the equipment cannot be leased, all tests of the block are errors.
---
--- Raises an error for a wrong argument, and for a name that the block or one around it
--- has used already.
---
--- In tests and hooks, `test.equipment(name)` returns the same.
---@param name string The name in reports, and in the job of a fleet.
---@param profile? ave.Profile|table What the equipment must match. It must have a `type`.
---@param options? ave.EquipmentOptions
---@return ave.Handle handle
function test.equipment(name, profile, options) end

--- What tests need of the host that they run on.
---@class ave.NeedsOptions
---@field equipment? table<string, ave.Profile|table> Equipment, as `test.equipment` declares it, by name.
---@field tags? string[] Tags that the host must have, such as "os=debian12". Without a fleet: of this host, which has `arch`, `host`, `kernel`, `os`, and those in the environment variable `AVE_TAGS`, separated by commas.
---@field cores? integer How many processors the tests use. Only for a fleet. Default: 1.
---@field memory? integer|string How much memory they use: bytes, or a text such as "512M" or "2G". Only for a fleet.
---@field exclusive? boolean No other job runs on the host. Only for a fleet. Default: false.
---@field wait? ave.Seconds As for `test.equipment`.

--- In the body of a block, or of a file: declares what its tests need. It can be called
--- more than once: tags and equipment are added, and the largest sizes count. Inner
--- blocks inherit everything.
---
---     local lab = test.needs {
---         tags = { "os=debian12" }, cores = 2, memory = "2G",
---         equipment = { phone = { type = "handset" }, relay = { type = "relay" } },
---     }
---     it("restarts", function() lab.relay:switch("off") end)
---
--- If this host does not have the tags, the tests are errors.
---@param needs ave.NeedsOptions
---@return table<string, ave.Handle> handles What `test.equipment` returns, by name.
function test.needs(needs) end

describe, context, insulate, expose = test.describe, test.context, test.insulate, test.expose
it, spec, pending, finally = test.it, test.spec, test.pending, test.finally
setup, teardown = test.setup, test.teardown
strict_setup, strict_teardown = test.strict_setup, test.strict_teardown
lazy_setup, lazy_teardown = test.lazy_setup, test.lazy_teardown
before_each, after_each = test.before_each, test.after_each
eventually, xfail, randomize = test.eventually, test.xfail, test.randomize
_G.test = test.test

--- Declares a test for each row: `it.each(rows)(name, options, fn)`. A row that is
--- a list gives the arguments of `fn`; any other row is its only argument.
---
---     it.each({ { 1, 2, 3 }, { 2, 2, 4 } })("%d and %d make %d", function(a, b, sum)
---         assert.equals(sum, a + b)
---     end)
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function it.each(rows) end

--- Declares a block for each row, as `it.each` declares tests.
---
---     describe.each({ "tcp", "tls" })("over %s", function(transport)
---         it("answers", function() ... end)
---     end)
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function describe.each(rows) end

--- Does for `context` what `describe.each` does for `describe`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function context.each(rows) end

--- Does for `insulate` what `describe.each` does for `describe`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function insulate.each(rows) end

--- Does for `expose` what `describe.each` does for `describe`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function expose.each(rows) end

--- Does for `spec` what `it.each` does for `it`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function spec.each(rows) end

--- Does for `xfail` what `it.each` does for `it`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function xfail.each(rows) end

--- Does for `test` what `it.each` does for `it`.
---@param rows any[] Lists of arguments, or single values. An empty list declares a pending test.
---@return fun(name: string, options?: ave.TestOptions, fn?: fun(...: any)) declare
function _G.test.each(rows) end

--- A function that records its calls. `assert.spy` checks them.
---@class ave.Spy
---@field calls { vals: any[] }[] The calls in their order; `vals` are the arguments.
---@field returnvals { vals: any[] }[] What each call returned.
---@field callback function The function that is called in turn.
---@field clear fun(self: ave.Spy): ave.Spy Forgets the calls.
---@field revert fun(self: ave.Spy): function Puts the original function back into its table, and returns it.
---@overload fun(...: any): any

--- A spy that replaces a function, and returns what you choose.
---@class ave.Stub: ave.Spy
---@field returns fun(...: any): ave.Stub Makes the stub return these values.
---@field invokes fun(fn: function): ave.Stub Makes the stub call a function with its arguments, and return what that returns.
---
---@field on_call_with fun(...: any): { returns: (fun(...: any): ave.Stub), invokes: (fun(fn: function): ave.Stub) } Chooses what the stub does for these arguments only. They may be matchers.
---@field by_default { returns: (fun(...: any): ave.Stub), invokes: (fun(fn: function): ave.Stub) } Chooses what the stub does for all other arguments.

--- Stands for an argument whose exact value is not known: see `match`.
---@class ave.Matcher

--- Makes spies. `spy(fn)` is `spy.new(fn)`.
---
---     local callback = spy.new(function() end)
---     watch(callback)
---     assert.spy(callback).was.called_with("ready", match.is_number())
---@class ave.SpyWord
---@overload fun(callback?: function): ave.Spy
spy = {}

--- Makes a spy that calls a function.
---@param callback? function Default: a function that does nothing.
---@return ave.Spy
function spy.new(callback) end

--- Replaces a function in a table by a spy that calls it.
---
---     local sent = spy.on(network, "send")
---     ping(network)
---     assert.spy(sent).was.called(1)
---     sent:revert()
---@param target table
---@param key any
---@return ave.Spy
function spy.on(target, key) end

--- Tells whether a value is a spy. A stub is a spy too.
---@param value any
---@return boolean
function spy.is_spy(value) end

--- Makes stubs. `stub(object, key, ...)` is `stub.new(object, key, ...)`.
---@class ave.StubWord
---@overload fun(object?: table, key?: any, ...: any): ave.Stub
stub = {}

--- Puts a stub into a table. It replaces the function that is there, if any.
---
---     stub(network, "send").on_call_with("ping").returns("pong")
---     assert.equals("pong", network.send("ping"))
---     assert.stub(network.send).was.called(1)
---@param object? table Default: a new table.
---@param key? any The key in the table.
---@param ... any What the stub returns. If the only value is a function, the stub calls it and returns its results.
---@return ave.Stub
function stub.new(object, key, ...) end

--- Makes mocks: tables in which every function is a spy or a stub. `mock(object, ...)`
--- is `mock.new(object, ...)`.
---@class ave.MockWord
---@overload fun(object: table, stub?: boolean, answer?: any): table
mock = {}

--- Replaces all functions in a table, and in the tables in it, by spies.
---@param object table Changed and returned.
---@param stub? boolean Use stubs, which do not call the functions. Default: false.
---@param answer? any What the stubs return. Default: nothing.
---@return table object
function mock.new(object, stub, answer) end

--- Forgets the calls of all spies in a mock.
---@param object table
---@return table object
function mock.clear(object) end

--- Restores all functions that a mock has replaced.
---@param object table
---@return table object
function mock.revert(object) end

--- Matchers stand for arguments whose exact value is not known. Use them in
--- `called_with`, `returned_with`, `on_call_with` and inside other matchers.
--- `match.is_not` negates: `match.is_not.equals(5)`.
---
---     assert.spy(s).was.called_with(match._, match.is_string())
---@class ave.MatchWord
---@field is_not ave.MatchWord
match = {}

--- Matches any value.
---@type ave.Matcher
match._ = nil

--- Matches a value of type string.
---@return ave.Matcher
function match.is_string() end

--- Matches a value of type number.
---@return ave.Matcher
function match.is_number() end

--- Matches a value of type boolean.
---@return ave.Matcher
function match.is_boolean() end

--- Matches a value of type table.
---@return ave.Matcher
function match.is_table() end

--- Matches a value of type function.
---@return ave.Matcher
function match.is_function() end

--- Matches a value of type userdata.
---@return ave.Matcher
function match.is_userdata() end

--- Matches a value of type thread.
---@return ave.Matcher
function match.is_thread() end

--- Matches nil.
---@return ave.Matcher
function match.is_nil() end

--- Matches `true`.
---@return ave.Matcher
function match.is_true() end

--- Matches `false`.
---@return ave.Matcher
function match.is_false() end

--- Matches every value except nil and false.
---@return ave.Matcher
function match.is_truthy() end

--- Matches nil and false.
---@return ave.Matcher
function match.is_falsy() end

--- Matches a value that is equal by `==`.
---@param expected any
---@return ave.Matcher
function match.is_equal(expected) end

--- Matches an equal value, or a table with the same contents.
---@param expected any
---@return ave.Matcher
function match.is_same(expected) end

--- Matches this object, and no other object with the same contents.
---@param object table|function|thread|userdata
---@return ave.Matcher
function match.is_ref(object) end

--- Matches a number that differs from the expected one by at most `tolerance`.
---@param expected number
---@param tolerance number
---@return ave.Matcher
function match.is_near(expected, tolerance) end

--- Matches a text that contains a match of a Lua pattern.
---@param pattern string
---@param init? integer The position to start at. Default: 1.
---@param plain? boolean Search for plain text. Default: false.
---@return ave.Matcher
function match.matches(pattern, init, plain) end

--- Matches a value that all of the matchers match.
---@param ... ave.Matcher
---@return ave.Matcher
function match.is_all_of(...) end

--- Matches a value that at least one of the matchers matches.
---@param ... ave.Matcher
---@return ave.Matcher
function match.is_any_of(...) end

--- Matches a value that none of the matchers matches.
---@param ... ave.Matcher
---@return ave.Matcher
function match.is_none_of(...) end

--- Tells whether a value is a matcher.
---@param value any
---@return boolean
function match.is_matcher(value) end

--- Assertions. `assert(value, message)` works as in Lua; its fields are the
--- assertions of luassert.
---
--- An assertion is written as a chain of words, separated by dots or underscores,
--- in upper or lower case: `assert.is_not.equal(a, b)`,
--- `assert.are_not_equal(a, b)`, `assert.is.Not.Equal(a, b)`. The words `is`,
--- `are`, `was`, `has` and `does` have no effect; `not` and `no` negate.
---
--- The last argument can be a message. It is shown above the message of the
--- assertion. Assertions return their arguments, unless their description says
--- something else.
---@class ave.Assert
---@field soft ave.Assert If the assertion that follows does not hold, the test continues, and fails at its end.
---@field is ave.Assert
---@field are ave.Assert
---@field was ave.Assert
---@field has ave.Assert
---@field does ave.Assert
---@field no ave.Assert
---@field is_not ave.Assert
---@field are_not ave.Assert
---@field has_no ave.Assert
---@field does_not ave.Assert
---@overload fun(value: any, message?: any, ...: any): ...
assert = {}

--- The value is `true`. `assert.True` is another name; `assert.true` is not
--- possible, because `true` is a keyword.
---@param value any
---@param message? any
function assert.is_true(value, message) end

--- The value is `false`.
---@param value any
---@param message? any
function assert.is_false(value, message) end

--- The value is nil.
---@param value any
---@param message? any
function assert.is_nil(value, message) end

--- The value is neither nil nor false.
---@param value any
---@param message? any
function assert.truthy(value, message) end

--- The value is nil or false.
---@param value any
---@param message? any
function assert.falsy(value, message) end

--- The value is a string. Likewise `is_number`, `is_table`, `is_boolean`,
--- `is_function`, `is_userdata`, `is_thread`.
---@param value any
---@param message? any
function assert.is_string(value, message) end

--- The values are equal by `==`.
---@param expected any
---@param actual any
---@param message? any
function assert.equals(expected, actual, message) end

--- The same as `equals`.
---@param expected any
---@param actual any
---@param message? any
function assert.equal(expected, actual, message) end

--- The values are equal, or tables with the same contents at any depth, as `pairs`
--- shows them. Inner tables that have the same `__eq` are compared by it.
---@param expected any
---@param actual any
---@param message? any
function assert.same(expected, actual, message) end

--- The number differs from the expected one by at most `tolerance`.
---@param expected number
---@param actual number
---@param tolerance number
---@param message? any
function assert.near(expected, actual, tolerance, message) end

--- No two values in the list are equal. With `deep`, tables are compared by
--- content.
---@param list table
---@param deep? boolean
---@param message? any
function assert.unique(list, deep, message) end

--- The string contains a match of a Lua pattern. Of other values, the text that
--- `tostring` gives is searched.
---@param pattern string
---@param actual any
---@param init? integer The position to start at. Default: 1.
---@param plain? boolean Search for plain text. Default: false.
---@param message? any
---@return string ... The captures, or the whole match if there are none.
function assert.matches(pattern, actual, init, plain, message) end

--- The function raises an error; with `expected`, this error. The position at the
--- beginning of an error message is ignored.
---@param fn fun()
---@param expected? any
---@param message? any
---@return any error The error that was raised.
function assert.has_error(fn, expected, message) end

--- The function raises an error whose text contains a match of a Lua pattern.
---@param fn fun()
---@param pattern string
---@param init? integer The position to start at. Default: 1.
---@param plain? boolean Search for plain text. Default: false.
---@param message? any
---@return string ... The captures, or the whole match if there are none.
function assert.error_matches(fn, pattern, init, plain, message) end

--- `fn(...)` raises an error of a class or of a child of it.
---
---     local busy = assert.raises("Busy", broker.get, broker, { type = "handset" })
---     assert.matches("leased", busy.message)
---@param class table|string The class, or its name.
---@param fn function
---@param ... any The arguments of `fn`.
---@return table error The error that was raised.
function assert.raises(class, fn, ...) end

--- How `restart_under_load` restarts a service.
---@class ave.RestartOptions
---@field service ave.Control The running service. This process must have started it.
---@field successor fun(): ave.Control Makes a service with the option `takeover`. It may also start it.
---@field clients? integer The number of clients. Default: 8.
---@field restarts? integer The number of restarts. Default: 10.
---@field method? string A method of the service that returns its argument, a string. Default: "echo".
---@field depth? integer How many calls each client makes at the same time. Default: 2.
---@field size? integer The longest argument, in bytes. Default: 100.
---@field timeout? ave.Seconds The time limit for a call, and for the end of a service. Default: 30.

--- Restarts a service several times, while clients in another process call it all
--- the time. The assertion holds if the clients do not notice: all calls get the
--- right answer, in order. Also, each replaced service must end with status 0, and
--- the last one must not have more open descriptors than the first.
---
---     service = assert.restart_under_load {
---         service = service,
---         successor = function() return Lab { port = port, authkey = "key", takeover = true } end,
---         restarts = 20,
---     }
---@param options ave.RestartOptions
---@return ave.Control service The service that is running now.
---@return integer calls The number of calls that the clients made.
function assert.restart_under_load(options) end

--- The options of `matches_screen`.
---@class ave.MatchesScreenOptions
---@field attributes? boolean Also compare colours and other attributes, the cursor, the title and the size. Default: false.

--- The screen looks as it did when it was accepted. Its text is compared with a
--- file beside the test: for `"menu"` in `test_shell.lua`, with
--- `screens/test_shell/menu.txt`. `avescript test --update` writes the file. If the
--- file is missing, the assertion fails.
---
---     assert.matches_screen(session, "menu")
---     assert.matches_screen(session:screen(), "menu", { attributes = true })
---@param screen ave.Screen|table A screen, or a session of `ave.cmd`.
---@param name string May contain letters, digits, blanks and `._-`.
---@param options? ave.MatchesScreenOptions
function assert.matches_screen(screen, name, options) end

--- The value is the same as when it was accepted. Its text is compared with a file
--- beside the test: for `"menu"` in `test_shell.lua`, with
--- `snapshots/test_shell/menu.txt`. `avescript test --update` writes the file. If
--- the file is missing, the assertion fails.
---@param value any
---@param name? string May contain letters, digits, blanks and `._-`. Default: the name of the test.
function assert.matches_snapshot(value, name) end

--- Exactly `count` values follow the first argument:
--- `assert.returned_arguments(2, f())`.
---@param count integer
---@param ... any
function assert.returned_arguments(count, ...) end

--- Sets the message of the assertion that follows:
--- `assert.message("after restart").equals(1, n)`.
---@param message any
---@return ave.Assert
function assert.message(message) end

--- Checks the calls of a spy:
--- `assert.spy(s).was.called_with(1, match.is_string())`. The assertions are
--- `called`, `called_with`, `returned_with`, `called_at_least`, `called_at_most`,
--- `called_more_than` and `called_less_than`.
---@param spy table
---@param message? any
---@return ave.Assert
function assert.spy(spy, message) end

--- The same as `spy`.
---@param stub table
---@param message? any
---@return ave.Assert
function assert.stub(stub, message) end

--- Checks a list for missing values: `assert.array(list).has.no.holes()`. `holes`
--- finds the first index without a value.
---@param list table
---@return ave.Assert
function assert.array(list) end

--- Starts a snapshot. `snapshot:revert()` undoes what was changed since then: spies
--- and stubs in tables, formatters, and parameters.
---@return table snapshot
function assert:snapshot() end

--- Adds a function that converts a value to text, or returns nil to leave that to
--- others. The formatter that was added last is asked first.
---@param formatter fun(value: any): string?
function assert:add_formatter(formatter) end

--- Removes a formatter that `add_formatter` added.
---@param formatter function
function assert:remove_formatter(formatter) end

--- Replaces the values of a list by their texts. The length of the list is in its
--- field `n`.
---@param values table
---@return table values
function assert:format(values) end

--- Sets a parameter of formatters, such as `TableFormatLevel`.
---@param name string
---@param value any
function assert:set_parameter(name, value) end

--- Returns a parameter that `set_parameter` has set.
---@param name string
---@return any value
function assert:get_parameter(name) end

--- Adds an assertion, a modifier or a matcher.
---
---     assert:register("assertion", "even", function(state, arguments)
---         return arguments[1] % 2 == 0
---     end, "expected %s to be even", "expected %s not to be even")
---
---     assert.is_even(4)
---
--- The callback of an assertion returns whether the assertion holds, and optionally
--- a list of values that the assertion returns. Its arguments are in a list, with
--- their number in `n`. They are put into the message after the callback returns,
--- so it may change them. `state.failure_message` is shown above the message. A
--- message is a text, or a key of `say`.
---@param namespace "assertion"|"modifier"|"matcher"
---@param name string
---@param callback fun(state: table, arguments: table, level: integer): boolean, table?
---@param positive? string The message if it does not hold.
---@param negative? string The message if it was negated and does hold.
function assert:register(namespace, name, callback, positive, negative) end

--- Removes what `register` added.
---@param namespace "assertion"|"modifier"|"matcher"
---@param name string
function assert:unregister(namespace, name) end

return test
