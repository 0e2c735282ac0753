package page

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"avescript/core/fleet/wire"
)

// serveArtifact sends a file of a run, always as a download: what a test has written could
// be a page, which must not run here.
func (p *Page) serveArtifact(w http.ResponseWriter, r *http.Request) {
	object := r.PathValue("object")
	if p.options.JetStream == nil || object == "" {
		http.NotFound(w, r)
		return
	}
	store, err := p.options.JetStream.ObjectStore(r.Context(), wire.ArtifactStore)
	if err != nil {
		http.Error(w, "there are no artifacts", http.StatusNotFound)
		return
	}
	file, err := store.Get(r.Context(), object)
	if err != nil {
		http.Error(w, "this artifact is no longer kept", http.StatusNotFound)
		return
	}
	defer file.Close()
	if info, err := file.Info(); err == nil {
		w.Header().Set("Content-Length", strconv.FormatUint(info.Size, 10))
	}
	name := path.Base("/" + r.URL.Query().Get("name"))
	if name == "/" || name == "." {
		name = strings.ReplaceAll(object, "/", "-")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * time.Minute))
	_, _ = io.Copy(w, file)
}
