package domain

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Source says where a VM comes from.
type Source string

const (
	SourceSSHConfig Source = "ssh_config" // an alias in ssh_config; the file stays the truth
	SourceManual    Source = "manual"     // typed by the person
	SourceImport    Source = "import"     // taken from a file once; the VM is the person's own from then on
	SourceDemo      Source = "demo"       // a machine of the demo fleet
)

// Own reports whether the VM's connection values are the person's to change: its source doesn't stay the truth.
func (s Source) Own() bool { return s == SourceManual || s == SourceImport }

// Environment is how careful one must be with a VM.
type Environment string

const (
	EnvProduction  Environment = "production"
	EnvStaging     Environment = "staging"
	EnvTest        Environment = "test"
	EnvDevelopment Environment = "development"
)

// VM is a machine we can reach. For one whose source stays the truth, as ssh_config does, User, Host, Port, Jump and IdentityFile are what was last
// acknowledged in a review: what a connection really uses is read from the file at that moment.
type VM struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Source       Source      `json:"source"`
	SourceKey    string      `json:"sourceKey"` // the alias, or the name in an imported file; "" for manual
	User         string      `json:"user"`      // "" means: as ssh decides
	Host         string      `json:"host"`      // host name or address, without brackets
	Port         int         `json:"port"`      // 0 means: as ssh decides (22)
	Jump         string      `json:"jump"`      // ProxyJump as written
	IdentityFile string      `json:"identityFile"`
	Environment  Environment `json:"environment"`
	Provider     string      `json:"provider"` // "AWS", "Hetzner", ... or ""
	Tags         []string    `json:"tags"`
	Description  string      `json:"description"`
	Favourite    bool        `json:"favourite"`
	Hidden       bool        `json:"hidden"`
	Plain        bool        `json:"plain"` // see Target.Plain
	LastUsedAt   *time.Time  `json:"lastUsedAt"`
	CreatedAt    time.Time   `json:"createdAt"`
	UpdatedAt    time.Time   `json:"updatedAt"`
}

// Limits of a VM's values, in characters.
const (
	MaxNameLen        = 64
	MaxUserLen        = 32
	MaxHostLen        = 253
	MaxTagLen         = 32
	MaxDescriptionLen = 2000
	MaxProviderLen    = 64
	MaxPathLen        = 1024
)

var (
	hostLabel = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)
	zoneName  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`) // of an IPv6 address: an interface
	// A user name is passed to the server, never to a shell, yet nobody has one with a blank or a quote.
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@\\+$-]*$`)
)

// Validate reports the first rule that v breaks as an *Error with Field set, or nil.
func (v VM) Validate() error {
	if err := checkName("name", v.Name); err != nil {
		return err
	}
	if v.Source.Own() || v.Host != "" {
		if !ValidHost(v.Host) {
			return FieldError("host", "%q is not a host name, an IPv4 or an IPv6 address", v.Host)
		}
	}
	if v.User != "" && (len(v.User) > MaxUserLen || !userName.MatchString(v.User)) {
		return FieldError("user", "a user name has 1 to %d letters, digits, dots, dashes or underscores", MaxUserLen)
	}
	if v.Port < 0 || v.Port > 65535 {
		return FieldError("port", "a port is a number from 1 to 65535")
	}
	if v.Source.Own() {
		if err := v.checkWay(); err != nil {
			return err
		}
	}
	if utf8.RuneCountInString(v.Provider) > MaxProviderLen || strings.ContainsFunc(v.Provider, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return FieldError("provider", "a provider has at most %d characters, all of them visible", MaxProviderLen)
	}
	if strings.ContainsRune(v.Description, 0) || !utf8.ValidString(v.Description) {
		return FieldError("description", "a description is text")
	}
	if utf8.RuneCountInString(v.Description) > MaxDescriptionLen {
		return FieldError("description", "a description has at most %d characters", MaxDescriptionLen)
	}
	for _, tag := range v.Tags {
		if tag == "" || utf8.RuneCountInString(tag) > MaxTagLen || strings.ContainsFunc(tag, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == ','
		}) {
			return FieldError("tags", "a tag has 1 to %d characters, without blanks or commas", MaxTagLen)
		}
	}
	switch v.Environment {
	case EnvProduction, EnvStaging, EnvTest, EnvDevelopment:
	default:
		return FieldError("environment", "%q is not an environment", string(v.Environment))
	}
	return nil
}

// checkWay checks what a person may set beside the address.
func (v VM) checkWay() error {
	if v.Jump != "" && v.Jump != "none" {
		for hop := range strings.SplitSeq(v.Jump, ",") {
			if !validHop(hop) {
				return FieldError("jump", "%q is no jump host: write user@host:port, several with commas between", hop)
			}
		}
	}
	if len(v.IdentityFile) > MaxPathLen || strings.HasPrefix(v.IdentityFile, "-") || strings.TrimSpace(v.IdentityFile) != v.IdentityFile ||
		strings.ContainsFunc(v.IdentityFile, func(r rune) bool { return r == '"' || (r != ' ' && !unicode.IsPrint(r)) }) {
		return FieldError("identityFile", "a key file is a path, without quotes or line breaks")
	}
	return nil
}

// validHop reports whether hop is [user@]host[:port], as a ProxyJump has it.
func validHop(hop string) bool {
	user, rest, at := strings.Cut(hop, "@")
	if !at {
		rest = hop
	} else if !userName.MatchString(user) || len(user) > MaxUserLen {
		return false
	}
	host, port := rest, ""
	if inner, v6 := strings.CutPrefix(rest, "["); v6 {
		var closed bool
		if host, port, closed = strings.Cut(inner, "]"); !closed || (port != "" && !strings.HasPrefix(port, ":")) {
			return false
		}
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(rest, ":") == 1 {
		host, port, _ = strings.Cut(rest, ":")
	}
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return false
	}
	return ValidHost(host)
}

// ValidHost reports whether host can be the name or address of a machine: an IPv4 or IPv6 address (with or without a
// zone) or a host name of letters, digits, dashes and underscores. It never begins with a dash, so it can't be an option.
func ValidHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == "" || zoneName.MatchString(a.Zone())
	}
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > MaxHostLen {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}

func checkName(field, name string) error {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > MaxNameLen || strings.TrimSpace(name) != name || !utf8.ValidString(name) {
		return FieldError(field, "a name has 1 to %d characters and no blank at its ends", MaxNameLen)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return FieldError(field, "a name has no line breaks, control characters or marks that can't be seen")
	}
	return nil
}

// Address is user@host:port as a person reads it: without what is unset, IPv6 in brackets where a port follows.
func Address(user, host string, port int) string {
	out := host
	if port != 0 && port != 22 {
		if strings.Contains(host, ":") {
			out = "[" + host + "]"
		}
		out += ":" + itoa(port)
	}
	if user != "" {
		out = user + "@" + out
	}
	return out
}
