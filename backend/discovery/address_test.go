package discovery

import (
	"testing"

	"vmorchestrator/backend/domain"
)

// A pasted line is read as a shell and ssh would read it (ssh(1), main in ssh.c).
func TestParseAddressReadsALineAsSSHDoes(t *testing.T) {
	type address struct {
		user, host string
		port       int
	}
	for text, want := range map[string]address{
		"ssh -p 2222 -J b u@h":                          {"u", "h", 2222},
		"ssh -J b@jump:22,[2001:db8::7]:23 u@h":         {"u", "h", 0},
		"ssh  -p\t2222   u@h":                           {"u", "h", 2222},
		"ssh u@2001:db8::1 -p 99":                       {"u", "2001:db8::1", 99},
		"ssh me@web -p 2222":                            {"me", "web", 2222}, // options may follow the host
		"ssh web -l bob -p2222 uptime":                  {"bob", "web", 2222},
		"ssh web uptime -p 2222":                        {"", "web", 0}, // not those of the command
		"ssh -- web -p 2222":                            {"", "web", 0}, // nor what follows "--"
		"ssh -p 1 -p 2 web":                             {"", "web", 1}, // the first value counts
		"ssh -l a -o User=b c@web":                      {"a", "web", 0},
		"ssh c@web -l a":                                {"c", "web", 0},
		`ssh -o "ProxyCommand nc -X 5 %h %p" me@web`:    {"me", "web", 0},
		`ssh -o 'Port 2222' -o "User = bob" web`:        {"bob", "web", 2222},
		`ssh -o"Port=2222" web`:                         {"", "web", 2222},
		`ssh -i "/home/me/my keys/id" -p 22 'me@web'`:   {"me", "web", 22},
		`ssh -i /home/me/my\ keys/id me@web`:            {"me", "web", 0},
		`ssh -i C:\Users\me\key me@web`:                 {"me", "web", 0},
		`ssh me@web 'echo "it is" up'`:                  {"me", "web", 0},
		"ssh -tt -4 -L 8080:localhost:80 me@web":        {"me", "web", 0},
		"ssh -NfL8080:localhost:80 -R 1:h:2 -p 3 a@web": {"a", "web", 3},
		"ssh ssh://me@[2001:db8::1]:99/":                {"me", "2001:db8::1", 99},
	} {
		user, host, port, err := ParseAddress(text)
		if got := (address{user, host, port}); err != nil || got != want {
			t.Errorf("%q: %+v %v, want %+v", text, got, err, want)
		}
	}
	for text, field := range map[string]string{
		`ssh -i "open me@web`: "host",
		"ssh web -p":          "host",
		"ssh web -p x":        "port",
		"ssh -o Port=x web":   "port",
		`ssh ""`:              "host",
		"ssh --":              "host",
		"ssh -":               "host",
		"ssh -- -x":           "host",
	} {
		if _, _, _, err := ParseAddress(text); err == nil || domain.CodeOf(err) != domain.CodeInvalid || domain.AsError(err).Field != field {
			t.Errorf("%q: %v, want field %q", text, err, field)
		}
	}
}
