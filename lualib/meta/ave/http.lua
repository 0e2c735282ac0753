---@meta ave.http

--- An HTTP client.
---
---     local lab = http.get("https://lab/api/handsets", { timeout = 5, bearer = token }):check():json()
---     http.get(url, { file = "/var/tmp/image.zip" }):check()
---
--- A response with a status such as 404 is not an error; `check` raises one. All
--- functions raise `Timeout`, `ConnectionRefused`, `ConnectionReset` and
--- `ConnectionClosed`, and `Exception` for everything else, such as a certificate
--- that is not trusted. The variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY choose a
--- proxy. Every request uses a new connection.
local http = {}

--- What to send, and limits of the response.
---@class ave.HttpOptions
---@field headers? table<string, string>
---@field query? table<string, string> Parameters to append to the URL after "?".
---@field body? string
---@field json? any A value to send as JSON, instead of `body`.
---@field form? table<string, string> Fields to send as a form, instead of `body`.
---@field timeout? ave.Seconds Limit for the whole request, up to the end of the body; 0 leaves no time at all. Default: no limit, except 30 seconds for connecting and 30 seconds for TLS.
---@field redirects? integer How many redirects to follow; 0 returns the first redirect as the response. The headers Authorization and Cookie are not sent to another scheme, host or port. Default: 10.
---@field user? string The user, for basic authentication.
---@field password? string The password, for basic authentication.
---@field bearer? string A token to send in the header Authorization.
---@field ca_file? string A file with the certificates to trust, in PEM. Default: those of the system.
---@field cert_file? string A file with the client's own certificate, in PEM.
---@field key_file? string A file with the key of the client's certificate, in PEM.
---@field insecure? boolean Accept any certificate of the server. Default: false.
---@field file? string The file to write the body to, if the status is one of success. The file is replaced when the body is complete, as by `ave.fs.write`. The body is not kept in memory.
---@field max_size? integer The largest body that is accepted, in bytes. Default: 67108864; no limit with `file`.

--- Sends DELETE. See `http.request` for the errors.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.delete(url, options) end

--- Sends GET. See `http.request` for the errors.
---
---     local status = http.get("http://lab:8080/status", { timeout = 5 }):check():json()
---
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.get(url, options) end

--- Sends HEAD. See `http.request` for the errors.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.head(url, options) end

--- Sends POST. See `http.request` for the errors.
---
---     http.post("http://lab:8080/handsets", { json = { name = "x" }, timeout = 5 }):check()
---
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.post(url, options) end

--- Sends PUT. See `http.request` for the errors.
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.put(url, options) end

--- Sends a request with any method.
---
---     local response = http.request("PATCH", url, { json = { name = "x" } })
---
--- Raises `Timeout`, `ConnectionRefused`, `ConnectionReset` and `ConnectionClosed`,
--- and `Exception` for everything else, such as a certificate that is not trusted.
---@param method string The HTTP method, such as "PATCH".
---@param url string
---@param options? ave.HttpOptions
---@return ave.Response response
function http.request(method, url, options) end

--- The response of a server.
---@class ave.Response: ave.Class
---@field status integer The HTTP status, such as 200 or 404.
---@field ok boolean Whether the status is one of success, 200 to 299.
---@field headers table<string, string> The headers, by their names in lower case. Several headers of the same name are joined by commas.
---@field body? string The body. Nil if it was written to a file.
---@field size? integer The number of bytes that were written to the file.
---@field url string The URL that answered, after all redirects. A password in it is masked.
local Response = {}
http.Response = Response

--- Raises `TypeError`: responses are made by the functions of this module.
function Response:init() end

--- Returns the response itself if its status is one of success. Raises `Exception`
--- with the fields `status` and `body` if it is not.
---@return ave.Response response
function Response:check() end

--- Decodes the body as JSON, as `ave.json.decode` does. Raises `Exception` if it is
--- not valid JSON.
---@return any value
function Response:json() end

return http
