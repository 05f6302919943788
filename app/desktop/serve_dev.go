//go:build dev

package desktop

import (
	"net/http"
	"os"
	"strings"

	"vmorchestrator/backend/domain"
)

// browserOnlyEnv makes a dev build serve the app to browsers and an empty page to its own webview. Both share one
// backend, so with both running each would stop watching what the other shows: browser tests need one alone.
const browserOnlyEnv = "VMO_BROWSER_ONLY"

// allowed keeps a development build, whose server any page in a browser of this computer can drive, away from a person's
// own data.
func allowed(s Start, getenv func(string) string) error {
	if s.Demo || s.Version || s.DataDir != "" || getenv("VMO_DATA_DIR") != "" {
		return nil
	}
	return domain.NewError(domain.CodeUsage, "Use --demo, or name a data folder of its own with --data DIR.",
		"a development build serves the app to every browser on this computer and isn't started on your own data")
}

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
