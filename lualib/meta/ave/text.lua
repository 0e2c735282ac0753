---@meta ave.text

--- Helps to write texts for people.
local text = {}

--- Returns `hint` with a list of all names behind it: "; did you mean 'run'? Valid
--- names are run, sh", or "; valid names are run, sh".
---@param word string The name that does not exist.
---@param names string[] The names that exist.
---@return string
function text.among(word, names) end

--- Returns the end of a message about a name that does not exist: "; did you mean
--- 'run'?", or "" if no existing name is similar.
---@param word string The name that does not exist.
---@param names string[] The names that exist.
---@return string
function text.hint(word, names) end

--- Makes text from others safe to print. A terminal executes control sequences, so
--- a message from a remote program could clear the screen or imitate a line of your
--- own output. Control characters, bytes that are not UTF-8, and characters that
--- end a line or change the writing direction become escapes such as `\x1b`.
--- Everything else stays.
---
---     print("leased: " .. text.printable(entry.reason))
---     io.stderr:write(text.printable(e.message, "    "), "\n")
---
--- `print` itself changes nothing.
---@param text string
---@param indent? string Keep line feeds, and begin each line after the first with this text; `""` is allowed. Default: write a line feed as `\n`, so that the result is one line.
---@return string
function text.printable(text, indent) end

--- Returns the name that is most similar to a word. One letter in three may be
--- wrong.
---@param word string
---@param names string[]
---@return string? name Nil if no name is similar.
function text.similar(word, names) end

return text
