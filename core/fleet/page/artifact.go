package page

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// serveArtifact sends a file of a run, always as a download: what a test has written could
// be a page, which must not run here. All hosts may write to the store, so it must have the
// digest that the host has named. It is sent without a length, because only its end tells
// whether it is complete and has that digest.
func (p *Page) serveArtifact(w http.ResponseWriter, r *http.Request) {
	object := r.PathValue("object")
	if p.options.JetStream == nil || object == "" {
		http.NotFound(w, r)
		return
	}
	file, err := link.Open(r.Context(), p.options.JetStream, wire.ArtifactStore, object)
	if err != nil {
		http.Error(w, "this artifact is no longer kept", http.StatusNotFound)
		return
	}
	defer file.Close()
	info, err := file.Info()
	if digest := r.URL.Query().Get("digest"); err != nil || digest != "" && digest != info.Digest {
		http.Error(w, "this artifact is not what the host has stored: somebody has replaced it", http.StatusConflict)
		return
	}
	name := path.Base("/" + r.URL.Query().Get("name"))
	if name == "/" || name == "." {
		name = strings.ReplaceAll(object, "/", "-")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * time.Minute))
	if _, err := io.Copy(w, file); err != nil {
		panic(http.ErrAbortHandler) // so the browser does not take it for complete
	}
}
