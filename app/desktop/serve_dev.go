//go:build dev

package desktop

import (
	"net/http"
	"os"
	"strings"
)

// browserOnlyEnv makes a dev build serve the app to browsers and an empty page to its own webview. Both share one
// backend, so with both running each would stop watching what the other shows: browser tests need one alone.
const browserOnlyEnv = "VMO_BROWSER_ONLY"

// serve is the way of every reply to the window, and in a dev build to a browser.
func serve(next http.Handler) http.Handler {
	if os.Getenv(browserOnlyEnv) != "1" {
		return secure(next)
	}
	return secure(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.UserAgent(), "Chrome") || r.URL.Path != "/" {
			next.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte("<!doctype html><title>VM Orchestrator</title>")) // the webview may be gone
	}))
}
