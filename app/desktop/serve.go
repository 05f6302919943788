//go:build !dev

package desktop

import "net/http"

// serve is the way of every reply to the window.
func serve(next http.Handler) http.Handler { return secure(next) }
