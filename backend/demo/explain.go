package demo

import (
	"context"
	"strconv"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// Explain gives the settings that Resolve gives, as the ones of ssh_config are explained: all of them come from the fleet
// itself. CodeNotFound as with Resolve.
func (f *Fleet) Explain(ctx context.Context, t domain.Target) (config.Explanation, error) {
	s, err := f.Resolve(ctx, t)
	if err != nil {
		return config.Explanation{}, err
	}
	x := config.Explanation{
		Settings: map[string][]string{
			"host": {t.Destination()}, "hostname": {s.HostName}, "port": {strconv.Itoa(s.Port)}, "user": {s.User},
			"hostkeyalias": {s.HostKeyAlias}, "userknownhostsfile": s.UserKnownHostsFiles,
			"stricthostkeychecking": {s.StrictHostKeyChecking}, "identityagent": {s.IdentityAgent},
		},
		Expanded: map[string][]string{}, Origins: map[string][]config.Origin{}, Changed: map[string]bool{},
		Source: config.SourceOwn, Reason: "the demo fleet sets these itself, ssh_config isn't read",
	}
	for keyword, values := range x.Settings {
		x.Changed[keyword] = true
		for range values {
			x.Origins[keyword] = append(x.Origins[keyword], config.Origin{Given: true})
		}
	}
	return x, nil
}
