package config

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"vmorchestrator/backend/domain"
)

// Resolver says what is in force for a host: by reading the configuration itself where every keyword and Match criterion
// that can touch the host is in its proven set, which takes microseconds and runs nothing, and by asking ssh -G else.
// It answers what ssh -G would answer, or it doesn't answer. Files are kept and read again when they change; a Resolver
// may be used by many goroutines, and must not be copied.
type Resolver struct {
	SSHPath    string                      // "": the ssh in PATH
	ConfigFile string                      // "": ssh's own choice, ~/.ssh/config and the system's
	Home       string                      // as for GResolver; which files are read, ssh's own idea of the home folder says
	Lookup     func(string) (string, bool) // environment variables; nil: os.LookupEnv
	Log        *slog.Logger                // nil: slog.Default

	texts texts

	builtInOnce sync.Once
	builtIn     *baseline

	mu        sync.Mutex
	checked   map[question]string   // by what was asked, the files as they were when ssh agreed
	disproved map[question][]string // hosts about which ssh said something else, with the keywords
}

// question is a target as far as it matters here.
type question struct {
	dest, user, jump, key string
	port                  int
}

func questionOf(t domain.Target) question {
	return question{t.Destination(), t.User, t.Jump, t.IdentityFile, t.Port}
}

// Resolve gives the settings for t, with the errors of GResolver.Resolve. Without an ssh, a host for which it would have
// to be asked is refused with CodeSSHMissing, and the message names the keyword with file and line.
func (r *Resolver) Resolve(ctx context.Context, t domain.Target) (Settings, error) {
	a, err := r.answer(ctx, t)
	if err != nil {
		return Settings{}, err
	}
	return settingsOf(a.values, t.Destination(), r.asker().environment())
}

// Version is GResolver.Version.
func (r *Resolver) Version(ctx context.Context) (string, error) { return r.asker().Version(ctx) }

// result is an answer with whom it is from.
type result struct {
	answer
	source string // SourceOwn or SourceSSH
	reason string // why ssh was asked
}

func (r *Resolver) answer(ctx context.Context, t domain.Target) (*result, error) {
	if err := checkTarget(t); err != nil {
		return nil, err
	}
	own, err := r.own(ctx, t)
	var ask *notMine
	switch {
	case err == nil:
		return &result{answer: *own, source: SourceOwn}, nil
	case !errors.As(err, &ask):
		return nil, err
	}
	asker := r.asker()
	ssh, err := asker.path()
	if err != nil {
		return nil, domain.NewError(domain.CodeSSHMissing,
			"Install the OpenSSH client (Debian and Ubuntu: apt install openssh-client), or simplify that line.",
			"only ssh can tell what is in force for %q, and it can't be started here: %w", t.Destination(), ask)
	}
	out, err := runSSH(ctx, ssh, asker.arguments(t), t.Destination())
	if err != nil {
		return nil, err
	}
	return &result{answer: answer{values: valuesOf(out)}, source: SourceSSH, reason: ask.Error()}, nil
}

// own answers without ssh, or gives a *notMine.
func (r *Resolver) own(ctx context.Context, t domain.Target) (*answer, error) {
	r.mu.Lock()
	wrong := r.disproved[questionOf(t)]
	r.mu.Unlock()
	if wrong != nil {
		return nil, &notMine{why: "ssh said something else about this host before"}
	}
	asker := r.asker()
	env := asker.environment()
	base, err := r.baseline(ctx, asker, env)
	if err != nil {
		return nil, err
	}
	if why := base.proven(); why != "" {
		return nil, &notMine{why: why}
	}
	return evaluate(ctx, &r.texts, base, env, r.ConfigFile, t)
}

// baseline is that of the ssh there is, or the built-in one.
func (r *Resolver) baseline(ctx context.Context, asker *GResolver, env environment) (*baseline, error) {
	ssh, err := asker.path()
	if err != nil {
		r.builtInOnce.Do(func() { r.builtIn = builtIn(env) })
		return r.builtIn, nil //nolint:nilerr // without an ssh that is the answer
	}
	base, err := baselineOf(ctx, ssh, env)
	if err != nil && domain.CodeOf(err) != domain.CodeClosed {
		return nil, &notMine{why: "ssh told no defaults"}
	}
	return base, err
}

func (r *Resolver) asker() *GResolver {
	return &GResolver{SSHPath: r.SSHPath, ConfigFile: r.ConfigFile, Home: r.Home, Lookup: r.Lookup}
}

func (r *Resolver) log() *slog.Logger {
	if r.Log != nil {
		return r.Log
	}
	return slog.Default()
}
