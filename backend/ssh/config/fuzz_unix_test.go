//go:build unix

package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vmorchestrator/backend/domain"
)

// FuzzResolve holds the own resolver against ssh -G on configurations made of the fuzzer's bytes: few names, so that
// blocks collide, in every way of writing them. What is handed over is counted, and that ssh refuses it or not.
func FuzzResolve(f *testing.F) {
	f.Setenv("VMO_FUZZ_DIR", "/tmp/fuzz")
	var mine, over, refused atomic.Int64
	f.Cleanup(func() {
		f.Logf("%d answered, %d handed over, %d refused by ssh", mine.Load(), over.Load(), refused.Load())
	})
	for seed := range 60 {
		data := make([]byte, 120)
		state := uint32(seed*2654435761 + 1)
		for i := range data {
			state = state*1664525 + 1013904223
			data[i] = byte(state >> 24)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &generator{data: data, dir: t.TempDir()}
		target := g.files()
		r := &Resolver{ConfigFile: filepath.Join(g.dir, "config")}
		ok, _ := compare(t, r, target)
		switch {
		case ok:
			mine.Add(1)
		default:
			if _, err := gValues(t, r.ConfigFile, target); err != nil {
				refused.Add(1)
			} else {
				over.Add(1)
			}
		}
		if t.Failed() {
			for _, name := range []string{"config", "a.inc", "b.inc"} {
				text, _ := os.ReadFile(filepath.Join(g.dir, name))
				t.Logf("%s:\n%q\n%s", name, text, text)
			}
		}
	})
}

// generator turns bytes into a configuration. When they end it takes the first choice of everything, so it ends too.
type generator struct {
	data []byte
	dir  string
}

func (g *generator) pick(n int) int {
	if len(g.data) == 0 || n < 2 {
		return 0
	}
	b := int(g.data[0])
	g.data = g.data[1:]
	return b % n
}

func (g *generator) one(of ...string) string { return of[g.pick(len(of))] }

// early prefers what stands first: most lines have to be good for a file to be read at all.
func (g *generator) early(n int) int { return min(g.pick(n), g.pick(n), g.pick(n)) }

func (g *generator) files() domain.Target {
	t := domain.Target{
		Host: g.one("web", "web", "WEB", "db.example", "10.0.0.1", "::1", "web.example", "bob@web", "ssh://bob@web:99", "fe80::1"),
		User: g.one("", "", "", "bob"),
		Port: []int{0, 0, 0, 77}[g.pick(4)],
	}
	for _, name := range []string{"config", "a.inc", "b.inc"} {
		var text strings.Builder
		for range 1 + g.pick(8) {
			text.WriteString(g.line())
		}
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text.String()), 0o600); err != nil {
			panic(err)
		}
	}
	return t
}

func (g *generator) line() string {
	var keyword, value string
	switch g.pick(8) {
	case 0, 1:
		keyword = g.one("Host", "host", "HOST")
		for range 1 + g.pick(3) {
			value += g.word(g.name()) + g.one(" ", "\t", "  ")
		}
	case 2:
		keyword, value = g.one("Match", "match"), g.criteria()
	case 3:
		keyword = "Include"
		for range 1 + g.pick(2) {
			value += g.word(g.dir+"/"+g.one("a.inc", "b.inc", "*.inc", "missing", "m*", "?.inc")) + " "
		}
	case 4:
		return g.one("", "# comment", "  # Host web", "\t", "#") + g.end()
	default:
		keyword, value = g.setting()
	}
	return g.one("", "  ", "\t", " \t") + g.keyword(keyword) + g.one(" ", "\t", "=", " = ", "  ", "= ", " =") + value + g.end()
}

func (g *generator) end() string {
	return g.one("", "", "", " ", "\t", " # end", " #", "\r", " \f", "#x") + "\n"
}

func (g *generator) keyword(s string) string {
	switch g.pick(12) {
	case 1:
		return strings.ToUpper(s)
	case 2:
		return strings.ToLower(s)
	case 3:
		return `"` + s + `"`
	}
	return s
}

// word writes s in one of the ways in which it can be written.
func (g *generator) word(s string) string {
	half := len(s) / 2
	switch g.early(18) {
	case 1, 2:
		return `"` + s + `"`
	case 3:
		return "'" + s + "'"
	case 4:
		return s[:half] + `"` + s[half:] + `"`
	case 5:
		return `"` + s[:half] + `"` + s[half:]
	case 6:
		return s[:half] + `\` + s[half:]
	case 7:
		return s + "#"
	case 8:
		return s[:half] + `\"` + s[half:]
	}
	return s
}

func (g *generator) name() string {
	names := []string{"web", "*", "w*", "!web", "WEB", "w?b", "db*", "*.example", "10.0.0.?", "web.example", "!*", "*:*", "bob", "w**", ""}
	return names[g.early(len(names))]
}

func (g *generator) criteria() string {
	out := ""
	for range 1 + g.early(3) {
		out += g.one("", "", "", "!") + []string{"host", "user", "originalhost", "localuser", "final", "all", "canonical", "HOST", "exec", "tagged"}[g.early(10)]
		if !strings.HasSuffix(out, "all") && !strings.HasSuffix(out, "final") && !strings.HasSuffix(out, "canonical") {
			list := g.name()
			for range g.pick(3) {
				list += g.one(",", ",!") + g.name()
			}
			if strings.HasSuffix(out, "exec") {
				list = g.one("false", "true", "test %h = web")
			}
			if strings.HasSuffix(out, "localuser") {
				list = g.one("root", "nobody", "r*", "*,!root")
			}
			out += []string{" ", "\t", "  ", "="}[g.early(4)] + g.word(list)
		}
		out += g.one(" ", "\t", "  ")
	}
	return out
}

var allKeywords = slices.Concat(slices.Sorted(maps.Keys(keywords)), slices.Sorted(maps.Keys(aliases)), []string{"rsaauthentication", "useroaming", "usekeychain", "foobar"})

// setting writes a keyword with values that suit it, or now and then another's.
func (g *generator) setting() (keyword, value string) {
	// The keywords that matter most, and those with rules of their own, come up more often.
	often := []string{"User", "HostName", "Port", "IdentityFile", "ProxyJump", "ProxyCommand", "IdentityFile", "CertificateFile",
		"SendEnv", "SetEnv", "LocalForward", "UserKnownHostsFile", "IgnoreUnknown", "ForwardAgent", "IdentityAgent", "ControlPath", "HostKeyAlias"}
	keyword = often[g.pick(len(often))]
	if g.pick(3) == 1 {
		keyword = allKeywords[g.pick(len(allKeywords))]
	}
	pool := fuzzValues[strings.ToLower(keyword)]
	if canonical, ok := aliases[keyword]; ok {
		pool = fuzzValues[canonical]
	}
	if len(pool) == 0 {
		pool = anyValues
	}
	if g.pick(80) == 1 {
		keyword = g.one("tag", "syslogfacility", "logverbose", "permitremoteopen", "StreamLocalBindMask", "User", "foobar")
		pool = []string{"none", "yes", "0", "99999", "%h", "~/x", "${VMO_FUZZ_DIR}/x", "${VMO_NOT_SET}", "a b", "", "=", "b\xe9", "1m"}
	}
	chosen := pool[g.early(len(pool))]
	if strings.Contains(chosen, " ") || g.pick(3) > 0 {
		return keyword, chosen
	}
	return keyword, g.word(chosen)
}

var anyValues = []string{"yes", "no", "true", "false", "YES", "ask", "auto", "any", "inet6", "accept-new", "off", "force", "none", "5", "unbound"}

var fuzzValues = map[string][]string{
	"user":                        {"bob", "root", "Alice", "%u", "none", "a@b", "-x"},
	"hostname":                    {"%h.example", "10.0.0.1", "Web.Example", "%%h", "::1", "FE80::1", "127.1", "%h", "db.example", "h_1", "%n", "none"},
	"port":                        {"22", "2222", "0", "65535", "65536", "ssh", "0022", "+5"},
	"identityfile":                {"~/.ssh/a", "~/.ssh/b", "~/.ssh/%r@%h", "none", "/k/c", "${VMO_FUZZ_DIR}/id", `"~/my key"`, "a b"},
	"certificatefile":             {"~/.ssh/a", "~/.ssh/b", "none", "/k/c"},
	"proxyjump":                   {"j1", "a@j1:2201,[2001:db8::1]:22,ssh://bob@j3:2203", "none", "NONE", "j1,j2", "10.0.0.9", "j1,none", `"j1"`, "j1 # x", "j1, j2", "%h", "ssh://j1/", "a@b@c", "j:0", "[::1]", "-j"},
	"proxycommand":                {"nc %h %p", `sh -c "nc %h %p" # x`, "none", "None", "nc 'a", "= nc", "ssh -W %h:%p j1"},
	"sendenv":                     {"LANG LC_*", "FOO", "-LC_*", "-*", "A=B", "LANG", `"" X`, "-LANG FOO"},
	"setenv":                      {"A=1 B=2", `A="two words"`, "C=3 C=4", "A", "=x", "A=", "D=a=b"},
	"localforward":                {"8080 localhost:80", "8081 localhost:81", "[::1]:80 [::1]:81", "*:80 a:1", "8080 localhost:80", "/tmp/s /tmp/t", "0 a:1", "80 socks:1", "8080", "127.0.0.1:8080 h:1", ":8080 h:1", "80 a:70000"},
	"remoteforward":               {"8080 localhost:80", "9000", "0 a:1", "8081 b:81", "/tmp/s localhost:1"},
	"dynamicforward":              {"1080", "127.0.0.1:1080", "*:1080", "[::1]:1080", "x", "8080"},
	"userknownhostsfile":          {"~/.ssh/known_hosts", "~/.ssh/kh1 ~/.ssh/kh2 /dev/null", "none", `"/x/known hosts" /x/two`, "/kh/%h-%p", "${VMO_FUZZ_DIR}/kh", "none /x", "~x/y", "~/a/%k"},
	"globalknownhostsfile":        {"/g/1 /g/2", "none", "~/x", "%h"},
	"ignoreunknown":               {"UseKeychain", "UseKeychain,Foo*", "*", "foo*,!foobar", "!foobar,*", "none", "TAG"},
	"forwardagent":                {"yes", "no", "~/a.sock", "$SSH_AUTH_SOCK", "$1", "${VMO_FUZZ_DIR}/s", "${X", "%d/x", "a$b", "TRUE"},
	"identityagent":               {"none", "SSH_AUTH_SOCK", "$SSH_AUTH_SOCK", "~/.agents/%r.sock", "${VMO_FUZZ_DIR}/s", "%i-%u-%n-%L", "/a/%C", "$a-b", "/x/%%", "%Z"},
	"controlpath":                 {"~/.ssh/cm-%C", "~/.ssh/%r@%h:%p", "none", "/x/%k-%n-%l", "%j", "${VMO_FUZZ_DIR}/c"},
	"controlpersist":              {"yes", "no", "10m", "0", "5", "YES", "none"},
	"hostkeyalias":                {"Prod", "x-%h", "prod.example", "É"},
	"stricthostkeychecking":       {"yes", "no", "off", "ask", "accept-new", "OFF", "maybe"},
	"connecttimeout":              {"10", "2m", "1h30m", "none", "1m30", "5x", "-1", "0", "1w2d", "99999999999"},
	"serveraliveinterval":         {"15", "none", "1m", "0"},
	"forwardx11timeout":           {"15", "none", "1m", "0"},
	"addkeystoagent":              {"yes", "no", "ask", "confirm", "confirm 5m", "5m", "yes 5m", "0", "confirm 0", "TRUE"},
	"rekeylimit":                  {"default", "1G", "1G 1h", "default none", "none", "15", "16", "500M 0", "1g 30m", "1.5G", "0"},
	"ipqos":                       {"af21", "af21 cs1", "lowdelay throughput", "none", "EF", "0x10", "cs0", "le", "af44 none"},
	"tunneldevice":                {"any", "1", "1:2", "any:3", "Any:ANY", "x", "01"},
	"tunnel":                      {"yes", "no", "ethernet", "point-to-point", "true", "x"},
	"escapechar":                  {"none", "~", "a", "^a", "ab", "^["},
	"loglevel":                    {"info", "DEBUG", "DEBUG1", "debug3", "QUIET", "x", "VERBOSE"},
	"fingerprinthash":             {"sha256", "MD5", "sha512", "x"},
	"canonicaldomains":            {"a.example b.example", "none", "A.example", "a b none", ".x", "x."},
	"sessiontype":                 {"default", "none", "x"},
	"canonicalizehostname":        {"no", "false", "NO"},
	"canonicalizemaxdots":         {"1", "0", "x"},
	"ciphers":                     {"aes256-ctr", "^aes256-ctr", "-aes128*", "+3des-cbc", "aes128-cbc,aes256-ctr,aes128-cbc", "x", "-*", "+", "^3des-cbc,aes128-ctr", "-!aes128-ctr"},
	"macs":                        {"hmac-sha2-256", "-hmac-sha1*,umac*", "+hmac-md5", "^hmac-sha2-512"},
	"kexalgorithms":               {"-ecdh*", "curve25519-sha256", "+diffie-hellman-group1-sha1", "^curve25519-sha256,ecdh-sha2-nistp256", "-*,!curve*"},
	"hostkeyalgorithms":           {"+ssh-rsa", "ssh-ed25519", "-*cert*", "^ssh-ed25519,ssh-rsa", "ssh-*", "+ssh-dss,ssh-rsa"},
	"pubkeyacceptedalgorithms":    {"+ssh-rsa", "ssh-ed25519,rsa-sha2-512", "-rsa*"},
	"hostbasedacceptedalgorithms": {"+ssh-rsa", "ssh-ed25519", "-rsa*"},
	"casignaturealgorithms":       {"+ssh-rsa", "ssh-ed25519", "-rsa*", "ssh-dss"},
	"requiredrsasize":             {"2048", "0", "1024"},
	"numberofpasswordprompts":     {"0", "1", "007"},
	"connectionattempts":          {"1", "3", "0"},
	"serveralivecountmax":         {"3", "0", "5"},
	"batchmode":                   {"no", "yes"},
	"updatehostkeys":              {"yes", "no", "ask"},
	"remotecommand":               {"uptime # x", "echo %h", "none"},
	"localcommand":                {"touch x", "none", "echo %h \"a b\""},
	"knownhostscommand":           {"/bin/echo %H", "none"},
	"revokedhostkeys":             {"/r", "none", "~/r"},
	"securitykeyprovider":         {"internal", "none", "/lib/x.so", "$SK"},
	"xauthlocation":               {"/x/auth", "none"},
	"bindaddress":                 {"10.0.0.2", "none", "*"},
	"bindinterface":               {"eth0", "none"},
	"preferredauthentications":    {"publickey,password", "none"},
	"kbdinteractivedevices":       {"pam", "none"},
	"syslogfacility":              {"AUTH"},
	"usekeychain":                 {"yes", "a \"b"},
	"foobar":                      {"1"},
	"tag":                         {"x"},
}

// Not one seed may be a difference, and enough of them have to be answered for the fuzzing to mean something.
func TestGeneratedConfigurations(t *testing.T) {
	t.Setenv("VMO_FUZZ_DIR", "/tmp/fuzz")
	mine := 0
	const rounds = 150
	state := uint32(7)
	for range rounds {
		data := make([]byte, 40)
		for i := range data {
			state = state*1664525 + 1013904223
			data[i] = byte(state >> 24)
		}
		g := &generator{data: data, dir: t.TempDir()}
		target := g.files()
		ok, _ := compare(t, &Resolver{ConfigFile: filepath.Join(g.dir, "config")}, target)
		if ok {
			mine++
		}
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(g.dir, "config"))
			t.Fatalf("%s", fmt.Sprintf("%q", text))
		}
	}
	t.Logf("%d of %d answered", mine, rounds)
	if mine < rounds/10 {
		t.Errorf("only %d of %d were answered", mine, rounds)
	}
}

// The origins beside an answer of ssh's are few, but none may be wrong: where the own resolver knows them, they are
// the same.
func TestOriginsBesideSSHAreNeverWrong(t *testing.T) {
	t.Setenv("VMO_FUZZ_DIR", "/tmp/fuzz")
	told := 0
	state := uint32(11)
	for range 1500 {
		data := make([]byte, 60)
		for i := range data {
			state = state*1664525 + 1013904223
			data[i] = byte(state >> 24)
		}
		dir := t.TempDir()
		g := &generator{data: data, dir: dir}
		target := g.files()
		r := &Resolver{ConfigFile: filepath.Join(dir, "config")}
		a, err := r.own(bg, target)
		if err != nil {
			continue
		}
		for name, origins := range r.onlyOrigins(bg, a.values, target) {
			told++
			if !slices.Equal(origins, a.origins[name]) {
				text, _ := os.ReadFile(r.ConfigFile)
				t.Fatalf("%s %q: %v, but it is from %v:\n%s", name, a.values[name], origins, a.origins[name], text)
			}
		}
	}
	t.Logf("%d origins", told)
	if told < 100 {
		t.Errorf("only %d origins were told", told)
	}
}
