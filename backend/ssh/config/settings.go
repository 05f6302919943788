package config

import (
	"strconv"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
)

// Settings are what ssh would use for one destination. All paths are expanded: no "~", no %tokens, no ${}.
type Settings struct {
	HostName string // what to connect to
	User     string
	Port     int

	IdentityFiles    []string // in the order to try; "none" and doubles are gone
	CertificateFiles []string
	IdentitiesOnly   bool
	IdentityAgent    string // a socket's path; "none": no agent; "": SSH_AUTH_SOCK or the system's default

	UserKnownHostsFiles    []string // empty: "none"
	GlobalKnownHostsFiles  []string
	RevokedHostKeys        string // "": none
	KnownHostsCommand      string // as written; "": none
	StrictHostKeyChecking  string // "yes" | "accept-new" | "no" | "ask"
	HashKnownHosts         bool
	HostKeyAlias           string // "": none
	CheckHostIP            bool
	NoHostAuthForLocalhost bool

	ProxyJump    []string // hops as written, nearest first; empty: none
	ProxyCommand string   // %tokens expanded, for the person's shell; "": none

	HostKeyAlgorithms        []string
	KexAlgorithms            []string
	Ciphers                  []string
	MACs                     []string
	PubkeyAcceptedAlgorithms []string
	CASignatureAlgorithms    []string
	RequiredRSASize          int // bits

	ConnectTimeout      time.Duration // 0: the system's own
	ServerAliveInterval time.Duration // 0: off
	ServerAliveCountMax int
	AddressFamily       string // "any" | "inet" | "inet6"
	BindAddress         string
	BindInterface       string

	ForwardAgent                 string // "no" | "yes" | the path of a socket
	PreferredAuthentications     []string
	BatchMode                    bool
	PubkeyAuthentication         bool
	PasswordAuthentication       bool
	KbdInteractiveAuthentication bool
	NumberOfPasswordPrompts      int

	Raw map[string][]string // every keyword in lower case, values as ssh -G printed them
}

// HostKeyName is the name under which the host is looked up in known_hosts, in lower case, without the port.
func (s Settings) HostKeyName() string {
	if s.HostKeyAlias != "" {
		return strings.ToLower(s.HostKeyAlias)
	}
	return strings.ToLower(s.HostName)
}

// parse reads what "ssh -G" printed. dest is the word that was asked for; env expands paths.
func parse(out, dest string, env environment) (Settings, error) {
	return settingsOf(valuesOf(out), dest, env)
}

// settingsOf makes Settings of values as ssh -G prints them, whoever worked them out.
func settingsOf(raw map[string][]string, dest string, env environment) (Settings, error) {
	s := Settings{
		HostName:                     one(raw, "hostname"),
		User:                         one(raw, "user"),
		Port:                         number(raw, "port", 22),
		IdentitiesOnly:               yes(raw, "identitiesonly"),
		KnownHostsCommand:            notNone(one(raw, "knownhostscommand")),
		StrictHostKeyChecking:        strictness(one(raw, "stricthostkeychecking")),
		HashKnownHosts:               yes(raw, "hashknownhosts"),
		HostKeyAlias:                 one(raw, "hostkeyalias"),
		CheckHostIP:                  yes(raw, "checkhostip"),
		NoHostAuthForLocalhost:       yes(raw, "nohostauthenticationforlocalhost"),
		HostKeyAlgorithms:            commas(raw, "hostkeyalgorithms"),
		KexAlgorithms:                commas(raw, "kexalgorithms"),
		Ciphers:                      commas(raw, "ciphers"),
		MACs:                         commas(raw, "macs"),
		PubkeyAcceptedAlgorithms:     commas(raw, "pubkeyacceptedalgorithms"),
		CASignatureAlgorithms:        commas(raw, "casignaturealgorithms"),
		RequiredRSASize:              number(raw, "requiredrsasize", 1024),
		ConnectTimeout:               seconds(raw, "connecttimeout"),
		ServerAliveInterval:          seconds(raw, "serveraliveinterval"),
		ServerAliveCountMax:          number(raw, "serveralivecountmax", 3),
		AddressFamily:                one(raw, "addressfamily"),
		BindAddress:                  one(raw, "bindaddress"),
		BindInterface:                one(raw, "bindinterface"),
		PreferredAuthentications:     commas(raw, "preferredauthentications"),
		BatchMode:                    yes(raw, "batchmode"),
		PubkeyAuthentication:         one(raw, "pubkeyauthentication") != "no" && one(raw, "pubkeyauthentication") != "false",
		PasswordAuthentication:       yes(raw, "passwordauthentication"),
		KbdInteractiveAuthentication: yes(raw, "kbdinteractiveauthentication"),
		NumberOfPasswordPrompts:      number(raw, "numberofpasswordprompts", 3),
		Raw:                          raw,
	}
	if s.HostName == "" || s.Port < 1 || s.Port > 65535 {
		return Settings{}, domain.NewError(domain.CodeConfigInvalid, "Run \"ssh -G "+dest+"\" in a terminal to see its answer.",
			"ssh gave no host name and port for %q", dest)
	}
	if jump := notNone(one(raw, "proxyjump")); jump != "" {
		s.ProxyJump = strings.Split(jump, ",")
	}
	if host := one(raw, "host"); host != "" { // without the user and port that dest may have
		dest = host
	}
	return s, s.expand(dest, env)
}

func one(raw map[string][]string, key string) string {
	if values := raw[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func notNone(value string) string {
	if strings.EqualFold(value, "none") {
		return ""
	}
	return value
}

func yes(raw map[string][]string, key string) bool {
	v := one(raw, key)
	return v == "yes" || v == "true"
}

func number(raw map[string][]string, key string, otherwise int) int {
	n, err := strconv.Atoi(one(raw, key))
	if err != nil {
		return otherwise
	}
	return n
}

func seconds(raw map[string][]string, key string) time.Duration {
	return time.Duration(max(0, number(raw, key, 0))) * time.Second
}

func commas(raw map[string][]string, key string) []string {
	if v := one(raw, key); v != "" {
		return strings.Split(v, ",")
	}
	return nil
}

// strictness gives the four words of ssh_config(5) for what ssh -G prints, which differs between versions.
func strictness(value string) string {
	switch value {
	case "yes", "true":
		return "yes"
	case "no", "off", "false":
		return "no"
	case "accept-new":
		return value
	default:
		return "ask"
	}
}
