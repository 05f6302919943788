//go:build dev

package desktop

// developing is set in a development build, which serves the app to browsers and opens no window (make dev).
const developing = true
