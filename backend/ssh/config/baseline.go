package config

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"strings"
	"sync"

	"vmorchestrator/backend/domain"
)

// baseline is what ssh would print without any configuration. It is asked of the installed ssh, so that algorithms and
// defaults are true for its version, or built in where there is none.
type baseline struct {
	values map[string][]string
	home   string // of the account, as ssh sees it, whatever HOME says
	user   string
	system string // the system's file, which ssh has beside its ssh_known_hosts; "": unknown
	hash   string // %C for hashProbe; "": unknown
	local  string // the machine's name when hash was made
	ssh    string // the program; "": there is none

	mu    sync.Mutex
	lists map[string][]string // ssh -Q
	news  map[string]bool     // keywords that ssh was asked about, true: unknown to it
}

// hashProbe is the host of the question for the baseline. It is never connected to.
const hashProbe = "probe.invalid"

// baselines are kept for the process: an answer costs a process, and is the same until ssh itself is replaced.
var baselines struct {
	sync.Mutex
	kept map[stamp]*baseline
}

// baselineOf asks the ssh at path, once.
func baselineOf(ctx context.Context, path string, env environment) (*baseline, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, missing(err)
	}
	key := stampOf(path, info)
	baselines.Lock()
	defer baselines.Unlock()
	if b := baselines.kept[key]; b != nil {
		return b, nil
	}
	out, err := runSSH(ctx, path, []string{"-G", "-T", "-F", "none", "-o", "ControlPath=%C", "--", hashProbe}, hashProbe)
	if err != nil {
		return nil, err
	}
	b := &baseline{values: valuesOf(out), local: env.localHost, ssh: path, lists: map[string][]string{}, news: map[string]bool{}}
	b.hash = one(b.values, "controlpath")
	b.user = one(b.values, "user")
	first, _, _ := strings.Cut(one(b.values, "userknownhostsfile"), "/.ssh/known_hosts")
	if strings.HasPrefix(first, "/") || first == "" {
		b.home = first
	}
	if folder, _, found := strings.Cut(one(b.values, "globalknownhostsfile"), "/ssh_known_hosts"); found && strings.HasPrefix(folder, "/") {
		b.system = folder + "/ssh_config"
	}
	for _, name := range []string{"controlpath", "host", "hostname", "user"} {
		delete(b.values, name)
	}
	if baselines.kept == nil {
		baselines.kept = map[stamp]*baseline{}
	}
	baselines.kept[key] = b
	return b, nil
}

// vendorConfig is what the ssh of some distributions (openSUSE) reads where the administrator has no file.
const vendorConfig = "/usr/etc/ssh/ssh_config"

// sources are the files that ssh reads when it is given configFile by -F, or none.
func (b *baseline) sources(configFile string) ([]source, error) {
	switch configFile {
	case "none":
		return nil, nil
	case "":
	default:
		return []source{{path: configFile, user: true, needed: true}}, nil
	}
	if b.home == "" || b.system == "" {
		return nil, &notMine{why: "where ssh looks for its files is unknown"}
	}
	if _, err := os.Lstat(vendorConfig); err == nil {
		return nil, &notMine{why: "a system file at " + vendorConfig}
	}
	return []source{{path: b.home + "/.ssh/config", user: true, check: true}, {path: b.system}}, nil
}

// proven says why nothing at all is answered beside this ssh, or "". Before OpenSSH 9.1, which brought RequiredRSASize,
// lines were taken apart by other rules.
func (b *baseline) proven() string {
	switch {
	case b.values["requiredrsasize"] == nil:
		return "an ssh older than OpenSSH 9.1"
	case b.user == "" || one(b.values, "port") == "" || len(b.values) < 60:
		return "an ssh that doesn't tell its defaults"
	case b.ssh != "" && os.PathSeparator != '/':
		return "ssh on Windows, which has rules of its own for paths and permissions"
	}
	return ""
}

// connectionHash is %C, if the installed ssh makes it of the same parts. Since OpenSSH 9.3 the jump host is one of them.
func (b *baseline) connectionHash(local, host, port, user string, jumps bool) (string, bool) {
	sum := func(parts ...string) string {
		hash := sha1.Sum([]byte(strings.Join(parts, "")))
		return hex.EncodeToString(hash[:])
	}
	if local == "" || jumps || b.hash != sum(b.local, hashProbe, one(b.values, "port"), b.user) {
		return "", false
	}
	return sum(local, host, port, user), true
}

// algorithms are the names that ssh has beyond its defaults.
func (b *baseline) algorithms(ctx context.Context, query string) []string {
	if b.ssh == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lists[query] == nil {
		out, err := runSSH(ctx, b.ssh, []string{"-Q", query}, hashProbe)
		if err != nil {
			return nil
		}
		b.lists[query] = strings.Fields(out)
	}
	return b.lists[query]
}

// unknown says whether ssh has no such keyword. Only then IgnoreUnknown is about it. A keyword that came with a version
// newer than this program is known to that ssh.
func (b *baseline) unknown(ctx context.Context, keyword string) bool {
	if b.ssh == "" {
		return true
	}
	if strings.Trim(keyword, letters) != "" {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	answer, asked := b.news[keyword]
	if !asked {
		_, err := runSSH(ctx, b.ssh, []string{"-G", "-T", "-F", "none", "-o", keyword + "=no", "--", hashProbe}, hashProbe)
		if domain.CodeOf(err) == domain.CodeClosed {
			return false
		}
		answer = err != nil && strings.Contains(lower(domain.AsError(err).Details), "bad configuration option: "+keyword)
		b.news[keyword] = answer
	}
	return answer
}

// valuesOf reads what ssh -G printed.
func valuesOf(out string) map[string][]string {
	values := map[string][]string{}
	for l := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(l, "\r\n"), " ")
		if key != "" {
			key = lower(key)
			values[key] = append(values[key], value)
		}
	}
	return values
}

// builtIn stands for an ssh where none is installed.
func builtIn(env environment) *baseline {
	b := &baseline{values: valuesOf(builtInValues), home: strings.TrimRight(env.home, "/"), user: env.localUser, system: "/etc/ssh/ssh_config"}
	b.values["userknownhostsfile"] = []string{b.home + "/.ssh/known_hosts " + b.home + "/.ssh/known_hosts2"}
	if os.PathSeparator != '/' {
		b.values["globalknownhostsfile"] = []string{"__PROGRAMDATA__/ssh/ssh_known_hosts __PROGRAMDATA__/ssh/ssh_known_hosts2"}
		b.system = os.Getenv("PROGRAMDATA") + "/ssh/ssh_config"
	}
	if b.home == "" {
		b.values["userknownhostsfile"] = []string{"none"}
	}
	return b
}
