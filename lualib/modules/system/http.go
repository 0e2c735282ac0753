package system

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/httpclient"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// HTTPModule is ave.http: a client.
var HTTPModule = bind.Module{
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

// responseClass is Response. The response is in the fields of the object: status,
// headers, body, url.
var responseClass = bind.Class{
	Name: "Response",
	Init: bind.MadeBy("Response", "the functions of ave.http"),
	Methods: []bind.Fn{
		bind.Func("check", "", responseCheck),
		bind.Func("json", "", responseJSON),
	},
}

// httpOptions are the options of all functions of ave.http.
type httpOptions struct {
	Headers   map[string]string `lua:"headers"`
	Query     map[string]string `lua:"query"`
	Body      string            `lua:"body"`
	JSON      lua.LValue        `lua:"json"`
	Form      map[string]string `lua:"form"`
	Timeout   bind.Seconds      `lua:"timeout"`
	Redirects int               `lua:"redirects"`
	User      string            `lua:"user"`
	Password  string            `lua:"password"`
	Bearer    string            `lua:"bearer"`
	CAFile    string            `lua:"ca_file"`
	CertFile  string            `lua:"cert_file"`
	KeyFile   string            `lua:"key_file"`
	Insecure  bool              `lua:"insecure"`
	File      string            `lua:"file"`
	MaxSize   int               `lua:"max_size"`
}

func newHTTPOptions() httpOptions { return httpOptions{Redirects: httpclient.DefaultRedirects} }

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

func httpRequest(c *bind.Call, method, url string, o *httpOptions) error {
	body, kind, err := o.body(c.L)
	if err != nil {
		return err
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return exceptions.TypeError.Newf("the options 'cert_file' and 'key_file' must be given together, got only one")
	}
	request := &httpclient.Request{
		Method: method, URL: url, Query: o.Query, Header: o.Headers,
		Body: body, ContentType: kind,
		User: o.User, Password: o.Password, Bearer: o.Bearer,
		Redirects: o.Redirects,
		CAFile:    o.CAFile, CertFile: o.CertFile, KeyFile: o.KeyFile, Insecure: o.Insecure,
		File: o.File, MaxSize: int64(o.MaxSize),
	}
	var response *httpclient.Response
	c.Unlocked(func(ctx context.Context) {
		response, err = httpclient.Do(ctx, request, o.Timeout.Or(connection.Forever))
	})
	if err != nil {
		return err
	}
	return c.Return(responseObject(c.L, response))
}

// body returns what to send, and its content type.
func (o *httpOptions) body(L *lua.LState) (body, kind string, err error) {
	given := 0
	if o.Body != "" {
		given++
		body = o.Body
	}
	if o.JSON != nil {
		given++
		text, err := codec.For(L).Append(L, nil, o.JSON)
		if err != nil {
			return "", "", err
		}
		body, kind = string(text), "application/json"
	}
	if o.Form != nil {
		given++
		values := url.Values{}
		for name, value := range o.Form {
			values.Set(name, value)
		}
		body, kind = values.Encode(), "application/x-www-form-urlencoded"
	}
	if given > 1 {
		return "", "", exceptions.TypeError.Newf("the options 'body', 'json' and 'form' cannot be used together, got %d of them", given)
	}
	return body, kind, nil
}

func responseObject(L *lua.LState, r *httpclient.Response) *lua.LTable {
	object := L.NewTable()
	object.Metatable = responseClass.In(L)
	headers := L.NewTable()
	for name, values := range r.Header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	for name, value := range map[string]any{
		"status":  r.Status,
		"ok":      r.OK(),
		"headers": headers,
		"url":     r.URL,
	} {
		object.RawSetString(name, bind.Value(L, value))
	}
	if r.IsInFile {
		object.RawSetString("size", lua.LNumber(r.Size))
	} else {
		object.RawSetString("body", lua.LString(r.Body))
	}
	return object
}

// responseCheck raises an error if the status is not one of success.
func responseCheck(c *bind.Call) error {
	if lua.LVAsBool(c.Self.RawGetString("ok")) {
		return c.Return(c.Self)
	}
	status := int(lua.LVAsNumber(c.Self.RawGetString("status")))
	e := exceptions.Exception.Newf("%s: the server answered %d %s",
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
