---@meta ave.test

--- Tests, in the words of busted and luassert.
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
--- All words are global. A script that uses them has its tests run at its end,
--- and `avescript test` runs the tests of many files, each in an interpreter of
--- its own. What several files need is put into a module beside them, where
--- `require` looks first.
---
--- A test passes if it returns. It **fails** if an assertion does not hold, and
--- is an **error** if anything else goes wrong, in the test or in a hook that it
--- depends on. Either spoils the run, which goes on nevertheless.
---
--- The order is busted's: when the turn of a block comes its body runs, which
--- declares what is in it; then its `setup`, its tests and blocks as they were
--- written, and its `teardown`. For each test the `before_each` hooks run from
--- the outermost block inwards, and the `after_each` hooks the other way. A hook
--- needs no name.
local test = {}

--- What can be said of a test, or of all tests of a block, besides its name.
---@class ave.TestOptions
---@field tags? string[] Besides those that are words of the name, like `#slow`.
---@field retries? integer How many more attempts a test has when it goes wrong. All of them are reported, and the last one counts.
---@field xfail? boolean|string The test is expected to fail, and why. It spoils the run if it passes.
---@field quarantine? boolean|string The test is run and reported and does not spoil the run, and why.
---@field timeout? ave.Seconds How long it may take, without its hooks. 0 is for ever.
---@field exclusive? string No test of another worker runs meanwhile that has the same.

--- Declares a block: tests that belong together, and hooks for them. Its name
--- is the beginning of the names of its tests. `describe.each` makes a block for
--- each row, as `it.each` makes a test.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
function test.describe(name, options, fn) end

--- The same as `describe`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
function test.context(name, options, fn) end

--- A block after which the global variables and the loaded modules are put
--- back to what they were.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
function test.insulate(name, options, fn) end

--- A block whose changes to global variables and loaded modules survive the
--- `insulate` block around it.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
function test.expose(name, options, fn) end

--- Declares a test.
---
--- `it.each(rows)` declares one for each row. A row that is a list is the
--- arguments of the function, anything else is the only one. `%s` and its like
--- in the name stand for the arguments, `$key` for a field of the row, and `%%`
--- for a percent sign. A list without rows declares a pending test.
---
---     it.each({ { 1, 2, 3 }, { 2, 2, 4 } })("%d and %d make %d", function(a, b, sum)
---         assert.equals(sum, a + b)
---     end)
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
---@overload fun(name: string, fn: fun())
function test.it(name, options, fn) end

--- The same as `it`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
function test.spec(name, options, fn) end

--- The same as `it`.
---@param name string
---@param options? ave.TestOptions
---@param fn fun()
function test.test(name, options, fn) end

--- In a block: declares a test that is expected to fail. In a test: expects this
--- one to fail from there on, for the reason that is given instead of the name.
---@param name? string
---@param options? ave.TestOptions
---@param fn? fun()
---@overload fun(name: string, fn: fun())
function test.xfail(name, options, fn) end

--- Has the tests and blocks of a block run in another order each time, or in that
--- of a seed, which is told when a test fails; with `false` in the one that they are
--- written in, whatever the command line says.
---@param seed? integer|false
function test.randomize(seed) end

--- In a block: declares a test that is not run. In a test: ends it there, as
--- one that is not ready.
---@param name? string The test's name, or the reason.
---@param options? ave.TestOptions
---@param fn? fun() Not called.
---@overload fun(name: string, fn: fun())
function test.pending(name, options, fn) end

--- Has a function called when the test is over, however it ends. A test has
--- one; the last call counts.
---@param fn fun()
function test.finally(fn) end

--- What can be said of a hook: how long it may take, instead of what the command
--- line says. 0 is for ever.
---@alias ave.HookLimit { timeout?: ave.Seconds }

--- Runs once, before the first thing in the block. If it fails, nothing in the
--- block runs but the bodies of blocks, and all its tests are errors.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.setup(name, options, fn) end

--- Runs once, after the last thing in the block, also if `setup` has failed.
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

--- Runs once, before the first test in the block or in a block in it: not at
--- all if there is none.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.lazy_setup(name, options, fn) end

--- Runs once after the block, if there was a test for which lazy setup was due.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.lazy_teardown(name, options, fn) end

--- Runs before each test of the block and of the blocks in it.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.before_each(name, options, fn) end

--- Runs after each test of the block and of the blocks in it, however the test
--- has ended.
---@param name string
---@param options? ave.HookLimit
---@param fn fun()
---@overload fun(fn: fun())
function test.after_each(name, options, fn) end

--- How often and how long `eventually` asks.
---@class ave.EventuallyOptions
---@field timeout? ave.Seconds Default: 5.
---@field interval? ave.Seconds Between two calls. Default: 0.05.

--- Waits for something to become true. The probe is called again and again,
--- until it returns something that is neither nil nor false; a probe that
--- returns no value at all, such as a list of assertions, has to return without
--- an error. When the time is over the assertion fails, with the last value or
--- the last error.
---
---     local pid = eventually(function() return running("broker") end, { timeout = 10 })
---     eventually(function() assert.equals(2, #broker:list_available()) end)
---
--- The timeout is looked at between two calls: it does not end a probe that
--- hangs.
---@param probe fun(): ...
---@param options? ave.EventuallyOptions
---@return any ... What the probe returned.
function test.eventually(probe, options) end

--- A value that is made once per run, by whoever asks first in any worker. It has
--- to be one that JSON knows; what `fn` starts may go on running.
---@param name string
---@param fn fun(): any
---@return any
function test.shared(name, fn) end

--- In the body of a block: each of its tests that follow runs while no test of another
--- worker has the same name. In a test, `before_each` and `after_each`: the test has
--- the name from here on. In `setup` and the other hooks of a block: the block has it,
--- from here on to its end.
---@param name string
function test.exclusive(name) end

--- A directory for the test that is running, which is kept if the test fails. In
--- `setup` and the other hooks of a block it is the block's, and kept if anything in
--- the block fails.
---@return string path
function test.workspace() end

describe, context, insulate, expose = test.describe, test.context, test.insulate, test.expose
it, spec, pending, finally = test.it, test.spec, test.pending, test.finally
setup, teardown = test.setup, test.teardown
strict_setup, strict_teardown = test.strict_setup, test.strict_teardown
lazy_setup, lazy_teardown = test.lazy_setup, test.lazy_teardown
before_each, after_each = test.before_each, test.after_each
eventually, xfail, randomize = test.eventually, test.xfail, test.randomize

--- Assertions. `assert(value, message)` is what it is in Lua; its fields are
--- luassert's assertions.
---
--- An assertion is the end of a chain of words, which dots and underscores
--- separate alike, in upper or lower case: `assert.is_not.equal(a, b)`,
--- `assert.are_not_equal(a, b)`, `assert.is.Not.Equal(a, b)`. The words `is`,
--- `are`, `was`, `has` and `does` are for the reader; `not` and `no` negate.
---
--- The last argument may be a message, which is shown above the assertion's
--- own. Assertions return their arguments, unless they say otherwise.
---@class ave.Assert
---@field soft ave.Assert If what follows does not hold, that is noted, and the test goes on and fails at its end.
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

--- The value is `true`. (`assert.True` if one likes: `true` alone is a keyword.)
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

--- The values are equal as `==` has it.
---@param expected any
---@param actual any
---@param message? any
function assert.equals(expected, actual, message) end

--- The same as `equals`.
---@param expected any
---@param actual any
---@param message? any
function assert.equal(expected, actual, message) end

--- The values are equal, or tables with the same contents, however deep, as
--- `pairs` shows them. Tables within that share an `__eq` are compared by it.
---@param expected any
---@param actual any
---@param message? any
function assert.same(expected, actual, message) end

--- The number is not further than `tolerance` from the expected one.
---@param expected number
---@param actual number
---@param tolerance number
---@param message? any
function assert.near(expected, actual, tolerance, message) end

--- No two values in the list are equal; with `deep`, or the same.
---@param list table
---@param deep? boolean
---@param message? any
function assert.unique(list, deep, message) end

--- A Lua pattern is found in a string, or in what a value says of itself.
---@param pattern string
---@param actual any
---@param init? integer Where to begin.
---@param plain? boolean Look for the text itself.
---@param message? any
---@return string ... The captures, or the match.
function assert.matches(pattern, actual, init, plain, message) end

--- The function raises an error; with `expected`, this one. Of a string the
--- position in front does not count.
---@param fn fun()
---@param expected? any
---@param message? any
---@return any error What was raised.
function assert.has_error(fn, expected, message) end

--- The function raises an error whose text has a match of a Lua pattern.
---@param fn fun()
---@param pattern string
---@param init? integer
---@param plain? boolean
---@param message? any
---@return string ... The captures, or the match.
function assert.error_matches(fn, pattern, init, plain, message) end

--- `fn(...)` raises an error object of a class, or of a child of it.
---
---     local busy = assert.raises("Busy", broker.get, broker, { type = "handset" })
---     assert.matches("leased", busy.message)
---@param class table|string The class or its name.
---@param fn function
---@param ... any
---@return table error What was raised.
function assert.raises(class, fn, ...) end

--- How `restart_under_load` restarts a service.
---@class ave.RestartOptions
---@field service ave.Control The service that is running. It must have been started here.
---@field successor fun(): ave.Control Makes a service that takes over, by its option `takeover`. It may start it, too.
---@field clients? integer How many clients there are. Default: 8.
---@field restarts? integer Default: 10.
---@field method? string A method of the service that gives back its argument, a string. Default: "echo".
---@field depth? integer How many calls of each client are under way at a time. Default: 2.
---@field size? integer The longest argument, in bytes. Default: 100.
---@field timeout? ave.Seconds How long a call may take, and a service to end. Default: 30.

--- A service is restarted again and again, and clients in a process of their own
--- that call it all the time do not notice: all their calls get the right answer,
--- in their order. Each service that was replaced ends with status 0, and the last
--- one has no more descriptors than the first.
---
---     service = assert.restart_under_load {
---         service = service,
---         successor = function() return Lab { port = port, authkey = "key", takeover = true } end,
---         restarts = 20,
---     }
---@param options ave.RestartOptions
---@return ave.Control service The one that runs now.
---@return integer calls How many calls the clients have made.
function assert.restart_under_load(options) end

--- The options of `matches_screen`.
---@class ave.MatchesScreenOptions
---@field attributes? boolean Compare all that is to be seen: colours and the like, the cursor, the title and the size. Default: false.

--- A screen looks as it did when it was accepted. Its text is compared with a file
--- that is kept beside the test: with `screens/test_shell/menu.txt` for `"menu"` in
--- `test_shell.lua`. `avescript test --update` writes the file. If it is missing,
--- the assertion fails.
---
---     assert.matches_screen(session, "menu")
---     assert.matches_screen(session:screen(), "menu", { attributes = true })
---@param screen ave.Screen|table A screen, or what has one: a session of `ave.cmd`.
---@param name string Letters, digits, blanks and `._-`.
---@param options? ave.MatchesScreenOptions
function assert.matches_screen(screen, name, options) end

--- A value is what it was when it was accepted. Its text is kept beside the test:
--- in `snapshots/test_shell/menu.txt` for `"menu"` in `test_shell.lua`, and without
--- a name in a file of the test's. `avescript test --update` writes the file. If it
--- is missing, the assertion fails.
---@param value any
---@param name? string Letters, digits, blanks and `._-`.
function assert.matches_snapshot(value, name) end

--- There are `count` values after the first argument:
--- `assert.returned_arguments(2, f())`.
---@param count integer
---@param ... any
function assert.returned_arguments(count, ...) end

--- Gives the assertion that follows a message:
--- `assert.message("after restart").equals(1, n)`.
---@param message any
---@return ave.Assert
function assert.message(message) end

--- Asks about a spy: `assert.spy(s).was.called_with(1, match.is_string())`. There
--- are `called`, `called_with`, `returned_with`, `called_at_least`,
--- `called_at_most`, `called_more_than` and `called_less_than`. `spy`, `stub`,
--- `mock` and `match` are global, and those of luassert.
---@param spy table
---@param message? any
---@return ave.Assert
function assert.spy(spy, message) end

--- The same as `spy`.
---@param stub table
---@param message? any
---@return ave.Assert
function assert.stub(stub, message) end

--- Gives `holes`, which finds the first index without a value:
--- `assert.array(list).has.no.holes()`.
---@param list table
---@return ave.Assert
function assert.array(list) end

--- Begins what `snapshot:revert()` takes back: spies and stubs that were put into
--- tables, formatters, parameters.
---@return table snapshot
function assert:snapshot() end

--- Adds a function that writes values as text, or returns nil. It is asked before
--- those that were added earlier.
---@param formatter fun(value: any): string?
function assert:add_formatter(formatter) end

--- Takes back what `add_formatter` added.
---@param formatter function
function assert:remove_formatter(formatter) end

--- Replaces the values of a list, whose length is in `n`, by their texts.
---@param values table
---@return table values
function assert:format(values) end

--- Sets a parameter of formatters, such as `TableFormatLevel`.
---@param name string
---@param value any
function assert:set_parameter(name, value) end

--- What `set_parameter` has set.
---@param name string
---@return any value
function assert:get_parameter(name) end

--- Adds an assertion, a modifier or a matcher of one's own.
---
---     assert:register("assertion", "even", function(state, arguments)
---         return arguments[1] % 2 == 0
---     end, "expected %s to be even", "expected %s not to be even")
---
---     assert.is_even(4)
---
--- The callback of an assertion returns whether it holds, and optionally a list
--- of what the assertion returns. The arguments, whose number is in `n`, fill
--- the places of the message when it has returned; `state.failure_message` is
--- shown above the message. The messages are texts, or keys of ones in `say`.
---@param namespace "assertion"|"modifier"|"matcher"
---@param name string
---@param callback fun(state: table, arguments: table, level: integer): boolean, table?
---@param positive? string The message when it does not hold.
---@param negative? string The message when it holds and was negated.
function assert:register(namespace, name, callback, positive, negative) end

--- Takes back what `register` added.
---@param namespace "assertion"|"modifier"|"matcher"
---@param name string
function assert:unregister(namespace, name) end

return test
