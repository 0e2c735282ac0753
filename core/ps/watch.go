package ps

import (
	"avescript/core/columns"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"time"
)

// Watch writes the list repeatedly until ctx ends; on a terminal it replaces the previous
// one. It continues if a service does not answer for a while.
func Watch(ctx context.Context, out *os.File, interval time.Duration, asJSON bool, get func(context.Context) ([]Process, error)) error {
	return columns.Repeat(ctx, out, interval, !asJSON, func(ctx context.Context, width int) string {
		list, failed := get(ctx)
		if failed != nil {
			list = []Process{{Ports: []int{}, Error: failed.Error()}}
		}
		var text bytes.Buffer
		if asJSON {
			_ = WriteJSON(&text, list, false) // into memory
		} else {
			_ = WriteTable(&text, list, width)
		}
		return text.String()
	})
}

// WriteJSON writes the list on one line, or indented.
func WriteJSON(out io.Writer, list []Process, indented bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if indented {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(list)
}
