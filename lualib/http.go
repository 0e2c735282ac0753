package lualib

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// httpModule is ave.http: a client.
var httpModule = bind.Module{
	Name: "ave.http",
	Funcs: []bind.Fn{
		bind.Func("delete", "url, options?", httpMethod(http.MethodDelete)),
		bind.Func("get", "url, options?", httpMethod(http.MethodGet)),
		bind.Func("head", "url, options?", httpMethod(http.MethodHead)),
		bind.Func("post", "url, options?", httpMethod(http.MethodPost)),
		bind.Func("put", "url, options?", httpMethod(http.MethodPut)),
		bind.Func("request", "method, url, options?", httpAny),
	},
	Classes: []*bind.Class{&responseClass},
}

// responseClass is Response. What came are fields of the object: status,
// headers, body, url.
var responseClass = bind.Class{
	Name: "Response",
	Init: func(*bind.Call) error { return madeBy("Response", "the functions of ave.http") },
	Methods: []bind.Fn{
		bind.Func("check", "", responseCheck),
		bind.Func("json", "", responseJSON),
	},
}

func httpMethod(method string) func(*bind.Call) error {
	return func(c *bind.Call) error {
		var url string
		options := newHTTPOptions()
		if err := c.Args(&url, &options); err != nil {
			return err
		}
		return httpRequest(c, method, url, &options)
	}
}

func httpAny(c *bind.Call) error {
	var method, url string
	options := newHTTPOptions()
	if err := c.Args(&method, &url, &options); err != nil {
		return err
	}
	return httpRequest(c, method, url, &options)
}

// answer is a response whose body was read.
type answer struct {
	*http.Response
	body []byte
	size int64 // of the body that went to a file
}

func httpRequest(c *bind.Call, method, url string, o *httpOptions) error {
	request, err := o.request(c.L, method, url)
	if err != nil {
		return err
	}
	var a answer
	c.Unlocked(func(ctx context.Context) {
		ctx, cancel := o.limited(ctx)
		defer cancel()
		a, err = o.exchange(ctx, request.WithContext(ctx))
	})
	if err != nil {
		return o.named(err, method, request.URL.Redacted())
	}
	return c.Return(responseObject(c.L, a, o))
}

// exchange sends the request and reads the answer. A body that does not belong
// to success does not take the place of a file.
func (o *httpOptions) exchange(ctx context.Context, request *http.Request) (a answer, err error) {
	client, err := o.client(ctx)
	if err != nil {
		return a, err
	}
	defer client.CloseIdleConnections()
	a.Response, err = client.Do(request)
	if err != nil {
		return a, err
	}
	defer a.Body.Close()
	body := io.Reader(a.Body)
	if limit := o.limit(); limit > 0 {
		body = &limitedBody{body, limit}
	}
	if o.File != "" && a.StatusCode/100 == 2 {
		a.size, err = files.Write(ctx, o.File, body, nil)
		return a, exceptions.OfSystem(err)
	}
	a.body, err = io.ReadAll(body)
	return a, err
}

// errTooLong is a body that is longer than max_size.
var errTooLong = errors.New("the body is longer than max_size")

// limitedBody fails when there is more than its limit, where io.LimitedReader
// would end.
type limitedBody struct {
	io.Reader
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

func responseObject(L *lua.LState, a answer, o *httpOptions) *lua.LTable {
	object := L.NewTable()
	object.Metatable = responseClass.In(L)
	headers := L.NewTable()
	for name, values := range a.Header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	for name, value := range map[string]any{
		"status":  a.StatusCode,
		"ok":      a.StatusCode/100 == 2,
		"headers": headers,
		"url":     a.Request.URL.Redacted(),
	} {
		object.RawSetString(name, bind.Value(L, value))
	}
	if o.File != "" && a.StatusCode/100 == 2 {
		object.RawSetString("size", lua.LNumber(a.size))
	} else {
		object.RawSetString("body", lua.LString(a.body))
	}
	return object
}

// responseCheck raises an error for a status that is not one of success.
func responseCheck(c *bind.Call) error {
	if lua.LVAsBool(c.Self.RawGetString("ok")) {
		return c.Return(c.Self)
	}
	status := int(lua.LVAsNumber(c.Self.RawGetString("status")))
	e := exceptions.Exception.Newf("%s: wanted a status of success, got %d %s",
		lua.LVAsString(c.Self.RawGetString("url")), status, http.StatusText(status))
	e.Details = map[string]any{"status": status, "body": lua.LVAsString(c.Self.RawGetString("body"))}
	return e
}

func responseJSON(c *bind.Call) error {
	value, err := codec.For(c.L).Decode([]byte(lua.LVAsString(c.Self.RawGetString("body"))))
	if err != nil {
		return fmt.Errorf("%s: %w", lua.LVAsString(c.Self.RawGetString("url")), err)
	}
	return c.Return(value)
}

// setHeaders puts the headers of the options above those that are there.
func setHeaders(request *http.Request, headers map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if strings.EqualFold(name, "Host") {
			request.Host = headers[name]
		}
		request.Header.Set(name, headers[name])
	}
}
