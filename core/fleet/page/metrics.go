package page

import (
	"crypto/hmac"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// TokenFile has, in the directory of a page with keys, what Prometheus sends to read
// /metrics, as its credentials_file. It is good for nothing else, and as long as the secret.
const TokenFile = "metrics.token"

func (p *Page) metricsToken() string { return p.logins.sign("reader of the metrics") }

// keepToken writes the file.
func (p *Page) keepToken() error {
	if p.options.Login == nil || p.options.Metrics == nil || p.options.Dir == "" {
		return nil
	}
	file := filepath.Join(p.options.Dir, TokenFile)
	if text, err := os.ReadFile(file); err == nil && string(text) == p.metricsToken() {
		return nil
	}
	if err := os.WriteFile(file, []byte(p.metricsToken()), 0o600); err != nil {
		return fmt.Errorf("cannot write what reads the metrics: %w", err)
	}
	return nil
}

// serveMetrics serves those who may look, and who has the token.
func (p *Page) serveMetrics(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && p.options.Login != nil && hmac.Equal([]byte(token), []byte(p.metricsToken())) {
		p.options.Metrics.ServeHTTP(w, r)
		return
	}
	p.known(p.options.Metrics.ServeHTTP)(w, r)
}
