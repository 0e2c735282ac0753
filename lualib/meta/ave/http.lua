---@meta ave.http

--- An HTTP client.
---
---     local lab = http.get("https://lab/api/handsets", { timeout = 5, bearer = token }):check():json()
---     http.get(url, { file = "/var/tmp/image.zip" }):check()
---
--- A response with a status such as 404 is no error; `check` makes it one. Raised
--- are `Timeout`, `ConnectionRefused`, `ConnectionReset`, `ConnectionClosed`, and
--- `Exception` for what else can go wrong, such as a certificate. A proxy is taken
--- from the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Every request has a
--- connection of its own.
local http = {}

--- What is sent, and what may come back.
---@class ave.HttpOptions
---@field headers? table<string, string>
---@field query? table<string, string> Put behind the ? of the URL.
---@field body? string
---@field json? any A value to send as JSON in place of a body.
---@field form? table<string, string> Fields to send as a form in place of a body.
---@field timeout? ave.Seconds For everything, to the end of the body. Default: for ever, but 30 seconds for the connection and as many for TLS.
---@field redirects? integer How many to follow. Default: 10. With 0 the response is the redirect. The headers Authorization and Cookie go to no other scheme, host or port.
---@field user? string For basic authentication.
---@field password? string For basic authentication.
---@field bearer? string A token for the header Authorization.
---@field ca_file? string The certificates in PEM to trust. Default: those of the system.
---@field cert_file? string The client's own certificate in PEM.
---@field key_file? string The key of the client's certificate.
---@field insecure? boolean Take any certificate of the server. Default: false.
---@field file? string Where to put the body of a status of success. It takes the place of the file when it is whole, as `ave.fs.write` does; nothing is kept in memory.
---@field max_size? integer How many bytes the body may have. Default: 67108864, or any number for a file.

--- Sends DELETE.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.delete(url, options) end

--- Sends GET.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.get(url, options) end

--- Sends HEAD.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.head(url, options) end

--- Sends POST: `http.post(url, { json = { name = "x" } })`.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.post(url, options) end

--- Sends PUT.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.put(url, options) end

--- Sends any method.
---@param method string
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.request(method, url, options) end

--- What a server has answered.
---@class ave.Response: ave.Class
---@field status integer
---@field ok boolean Whether the status is one of success, 200 to 299.
---@field headers table<string, string> By their names in small letters. Several of a name have commas between them.
---@field body? string Nil if it went to a file.
---@field size? integer How many bytes went to the file.
---@field url string Where it came from, after all redirects. A password in it is not shown.
local Response = {}
http.Response = Response

--- Responses are made by the functions; the constructor raises `TypeError`.
function Response:init() end

--- Returns the response itself. Raises `Exception` with the fields `status` and
--- `body` if the status is not one of success.
---@return ave.Response response
function Response:check() end

--- Reads the body as JSON, as `ave.json.decode` does. Raises `Exception` if it is
--- none.
---@return any value
function Response:json() end

return http
