package discovery

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vmorchestrator/backend/domain"
)

// guessEnvironment reads an alias: prod, staging or stage, test, else development. It errs on the careful side: where an
// alias says more than one, production comes first, and a mark that is glued to another word ("webprod-eu", "proddb")
// counts too.
func guessEnvironment(alias string) domain.Environment {
	words := wordsOf(alias)
	has := func(candidates ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(candidates, w) })
	}
	glued := func(marks ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			chance := slices.ContainsFunc(onlyLike, func(begin string) bool { return strings.HasPrefix(w, begin) })
			return (!chance || strings.HasPrefix(w, "production")) &&
				slices.ContainsFunc(marks, func(m string) bool { return strings.HasPrefix(w, m) || strings.HasSuffix(w, m) })
		})
	}
	switch {
	case has("staging", "stage", "stg", "uat") || glued("preprod", "nonprod") || (has("pre", "non") && has("prod", "production")):
		return domain.EnvStaging
	case has("prod", "production", "prd", "live") || glued("prod", "production"):
		return domain.EnvProduction
	case glued("staging", "stage"):
		return domain.EnvStaging
	case has("test", "tests", "testing", "tst", "qa", "ci") || glued("test"):
		return domain.EnvTest
	default:
		return domain.EnvDevelopment
	}
}

// onlyLike are beginnings of words that hold a mark of an environment by chance.
var onlyLike = []string{
	"produc", "backstage", "hostage", "latest", "contest", "fastest", "greatest", "testimon", "testament",
}

// wordsOf splits at everything that is no letter, so that "web-prod01" is web, prod.
func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
}

var providers = []struct {
	name    string
	domains []string // ends of a host name
	words   []string // of an alias
}{
	{"AWS", []string{".amazonaws.com", ".amazonaws.com.cn", ".compute.internal", ".ec2.internal", ".awsapprunner.com"}, []string{"aws"}},
	{"GCP", []string{".googleusercontent.com", ".google.internal", ".c.googlers.com"}, []string{"gcp", "gce"}},
	{"Azure", []string{".cloudapp.azure.com", ".cloudapp.net", ".azure.com", ".azurewebsites.net"}, []string{"azure"}},
	{"DigitalOcean", []string{".digitaloceanspaces.com", ".ondigitalocean.app", ".digitalocean.com"}, []string{"digitalocean", "droplet"}},
	{"Hetzner", []string{".your-server.de", ".your-cloud.host", ".hetzner.com", ".hetzner.cloud", ".hetzner.de"}, []string{"hetzner", "hcloud"}},
	{"Linode", []string{".linodeusercontent.com", ".linode.com", ".members.linode.com"}, []string{"linode"}},
	{"Vultr", []string{".vultrusercontent.com", ".vultr.com"}, []string{"vultr"}},
}

// guessProvider reads the host name, then the alias. "" is unknown.
func guessProvider(alias, host string) string {
	name := "." + strings.TrimSuffix(strings.ToLower(host), ".")
	for _, p := range providers {
		if slices.ContainsFunc(p.domains, func(end string) bool { return strings.HasSuffix(name, end) }) {
			return p.name
		}
	}
	// Compute Engine's internal names: VM.ZONE.c.PROJECT.internal
	if strings.HasSuffix(name, ".internal") && strings.Contains(name, ".c.") {
		return "GCP"
	}
	words := wordsOf(alias)
	for _, p := range providers {
		if slices.ContainsFunc(p.words, func(w string) bool { return slices.Contains(words, w) }) {
			return p.name
		}
	}
	if ec2.MatchString(alias) {
		return "AWS"
	}
	return ""
}

// ec2 is a word of its own: not in "codec2", nor in "ec20".
var ec2 = regexp.MustCompile(`(?i)(^|[^a-z0-9])ec2([^0-9]|$)`)

var forges = []string{
	"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "dev.azure.com", "visualstudio.com", "gitea.com",
}

// isForge says whether a host is a code forge: it takes keys and gives no shell.
func isForge(alias, host, user string) bool {
	for _, name := range []string{strings.TrimSuffix(strings.ToLower(host), "."), strings.ToLower(alias)} {
		for _, forge := range forges {
			if name == forge || strings.HasSuffix(name, "."+forge) {
				return true
			}
		}
	}
	// A forge of one's own is known by the login that all of them use.
	return user == "git" && slices.ContainsFunc(append(wordsOf(host), wordsOf(alias)...), func(w string) bool {
		return slices.Contains([]string{"github", "gitlab", "bitbucket", "gitea", "forgejo", "gogs", "git"}, w)
	})
}
