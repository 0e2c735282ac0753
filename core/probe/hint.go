package probe

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/suggest"
)

// hintTime is how long the service is asked what a method takes, after a call has failed.
const hintTime = time.Second

// hinted adds the method's parameters to an error about arguments, and a similar name for an
// unknown keyword. The client has already suggested a name for an unknown method.
func hinted(ctx context.Context, c *control.Client, name string, args Arguments, err error) error {
	var e *exceptions.Error
	if !errors.As(err, &e) || !e.Foreign || e.Class != exceptions.TypeError || len(e.Trace) > 0 || !strings.HasPrefix(e.Message, name+"() ") {
		return err
	}
	d, failed := describe(ctx, c, hintTime)
	i := slices.IndexFunc(d.Methods, func(m method) bool { return m.Name == name })
	if failed != nil || i < 0 {
		return err
	}
	m := &d.Methods[i]
	hint := ""
	for _, keyword := range slices.Sorted(maps.Keys(args.kwargs)) {
		if hint == "" && !slices.Contains(m.names(), keyword) {
			hint = suggest.Hint(keyword, m.names())
		}
	}
	explained := *e
	explained.Message += hint
	if !strings.Contains(e.Message, "it takes") { // the service may have said it
		explained.Message += "\nit takes " + m.Name + "(" + m.parameters() + ")"
	}
	return &explained
}

// names are the names of the parameters.
func (m *method) names() (names []string) {
	for _, p := range m.Parameters {
		names = append(names, p.Name)
	}
	return names
}
