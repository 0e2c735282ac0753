package report

import (
	"encoding/json"
	"io"

	"avescript/core/harness"
)

// jsonLines writes each event as one line of JSON.
type jsonLines struct{ encoder *json.Encoder }

func newJSONLines(w io.Writer, _ View) harness.Reporter {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return jsonLines{encoder}
}

func (j jsonLines) Report(e harness.Event) {
	_ = j.encoder.Encode(e) // only the writer can fail, and it keeps its error
}
