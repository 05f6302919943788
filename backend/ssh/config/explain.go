package config

import (
	"context"

	"vmorchestrator/backend/domain"
)

// Who worked out an Explanation.
const (
	SourceOwn = "own"
	SourceSSH = "ssh -G"
)

// Explanation is everything in force for a host, and why.
type Explanation struct {
	Settings map[string][]string `json:"settings"` // by keyword in lower case, values as ssh -G prints them
	Expanded map[string][]string `json:"expanded"` // of the keywords that name files or a command: what they come to
	Origins  map[string][]Origin `json:"origins"`  // parallel to Settings; missing where it isn't known
	Source   string              `json:"source"`   // SourceOwn or SourceSSH
	Reason   string              `json:"reason"`   // why ssh was asked, with file and line; "" with SourceOwn
}

// Explain gives what Resolve would use, and where each value comes from. With SourceSSH an origin is given only where
// there is no doubt: the value isn't the default, and a single line in all files has the keyword.
func (r *Resolver) Explain(ctx context.Context, t domain.Target) (Explanation, error) {
	a, err := r.answer(ctx, t)
	if err != nil {
		return Explanation{}, err
	}
	s, err := settingsOf(a.values, t.Destination(), r.asker().environment())
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Settings: a.values, Origins: a.origins, Source: a.source, Reason: a.reason, Expanded: map[string][]string{
		"identityfile":         s.IdentityFiles,
		"certificatefile":      s.CertificateFiles,
		"userknownhostsfile":   s.UserKnownHostsFiles,
		"globalknownhostsfile": s.GlobalKnownHostsFiles,
		"revokedhostkeys":      some(s.RevokedHostKeys),
		"identityagent":        some(s.IdentityAgent),
		"forwardagent":         some(s.ForwardAgent),
		"proxycommand":         some(s.ProxyCommand),
	}}
	if a.source == SourceSSH {
		x.Origins = r.onlyOrigins(ctx, a.values, t)
	}
	return x, nil
}

func some(value string) []string {
	if value == "" {
		return []string{}
	}
	return []string{value}
}
