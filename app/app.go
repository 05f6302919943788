// Package app is the composition root: it builds the store, the transports and the three services, and hands them to
// whatever face is in front, the window or vmo. It knows no window. Open builds from the ground up and Close ends
// everything in reverse, so that when Close returns nothing of the app runs any more, here or on a target.
package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"
	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/command"
	"vmorchestrator/backend/demo"
	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/job"
	"vmorchestrator/backend/local"
	"vmorchestrator/backend/output"
	"vmorchestrator/backend/paths"
	"vmorchestrator/backend/prompt"
	"vmorchestrator/backend/secret"
	"vmorchestrator/backend/ssh"
	"vmorchestrator/backend/ssh/config"
	"vmorchestrator/backend/store"
)

// Config is what a face decides. The zero value is the person's own data, with nobody to ask.
type Config struct {
	DataDir   string // "": VMO_DATA_DIR or the system's convention
	SSHConfig string // "": VMO_SSH_CONFIG or ~/.ssh/config
	Demo      bool   // the demo fleet and its own data folder
	Origin    domain.Origin
	Version   string
	Terminal  bool     // questions are asked on stdin and stderr
	Prompter  Prompter // who asks otherwise; nil: the Broker in the window, nobody in vmo
	RingBytes int64    // memory for fresh output; 0 is 64 MiB
	Log       *slog.Logger
}

// App is the opened app. Its fields are safe for concurrent use until Close.
type App struct {
	VMs      *discovery.Service
	Commands *command.Service
	Jobs     *job.Service
	Logs     *output.Hub
	History  *store.Store // jobs of the past, settings
	Prompts  *prompt.Broker
	SSH      *ssh.Client
	Kept     KeptSecrets // secret parameters in the keychain
	Tasks    Tasks       // what takes a while: exports, backups

	config   Config
	paths    paths.Paths
	resolver *config.Resolver
	checked  checked
	lister   *config.Lister // nil in the demo
	log      *slog.Logger
	local    *local.Runner
	fleet    *demo.Fleet      // nil outside the demo
	keychain *secret.Keychain // nil in the demo
	instance string
	changes  *changes
	masks    masks
	storage  storage
	searches searches
	jobLogs  jobLogs

	stop context.CancelFunc // of the watchers
	wg   sync.WaitGroup
}

// Info is what the About box and a report say.
type Info struct {
	Version    string `json:"version"`
	DataDir    string `json:"dataDir"`
	SSHConfig  string `json:"sshConfig"`
	SSHVersion string `json:"sshVersion"` // "" without an OpenSSH client
	Demo       bool   `json:"demo"`
	Platform   string `json:"platform"`
	HostName   string `json:"hostName"`
}

// Open builds the app. Errors are *domain.Error: CodeDataFolder, CodeDatabase, CodeDatabaseNew and the like. What was
// built before an error is closed again.
func Open(ctx context.Context, c Config) (_ *App, err error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Origin == "" {
		c.Origin = domain.OriginCLI
	}
	a := &App{config: c, log: c.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	if a.paths, err = paths.Resolve(paths.Env{DataDir: c.DataDir, SSHConfig: c.SSHConfig, Demo: c.Demo}); err != nil {
		return nil, err
	}
	if a.History, err = store.Open(ctx, store.Options{Path: a.paths.Database, LockDir: a.paths.Locks}); err != nil {
		return nil, err
	}
	if a.instance, err = a.History.RegisterInstance(ctx, c.Origin); err != nil {
		return nil, err
	}
	lost, err := a.History.ReapDead(ctx)
	if err != nil {
		return nil, err
	}
	a.Commands = command.New(command.Options{Store: a.History, VMs: a.vmNames})
	if !c.Demo { // the demo has no secrets worth a keychain
		a.keychain = secret.Open()
	}
	a.Kept = KeptSecrets{keychain: a.keychain, commands: a.Commands}
	if err := a.Commands.EnsureShipped(ctx); err != nil {
		return nil, err
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	a.useLibrary(ctx)
	a.Logs = output.NewHub(output.Options{Store: a.History, RingBytes: c.RingBytes})
	a.local = local.New(local.Options{})
	o := job.Options{
		Store: jobStore{a.History, a.instance}, Outputs: outputs{a.Logs}, Commands: a.Commands, Log: a.log, Lease: lease,
		Transports: map[domain.TargetKind]job.Transport{
			domain.TargetSSH: sshTransport{a.SSH}, domain.TargetLocal: localTransport{a.local},
		},
		Refresh: a.targetOf, Parallelism: a.parallelism,
	}
	if c.Origin == domain.OriginWindow {
		o.Verifier, o.Hide = a.SSH, a.masks.add
	}
	a.Jobs = job.New(o)
	if err := a.watch(ctx); err != nil {
		return nil, err
	}
	a.Jobs.VerifyLeftovers(lost)
	return a, nil
}

// connect builds what finds and reaches machines.
func (a *App) connect(ctx context.Context) error {
	a.Prompts = prompt.NewBroker(newID, time.Now)
	settings, err := a.History.GetSettings(ctx)
	if err != nil {
		return err
	}
	a.resolver = &config.Resolver{SSHPath: settings.SSHPath, ConfigFile: a.paths.SSHConfigFlag, Home: a.paths.Home, Log: a.log}
	a.checked = newChecked(a.resolver)
	o := ssh.Options{
		Resolver: a.checked, Prompter: a.prompter(), Home: a.paths.Home, LockDir: a.paths.Locks, Getenv: os.Getenv,
		Log: a.log, Lease: lease,
	}
	found := discovery.Options{
		Store: a.History, NewID: newID, Now: time.Now, Home: a.paths.Home, SSHConfigFlag: a.paths.SSHConfigFlag,
	}
	if a.config.Demo {
		fleet, err := demo.Start(ctx, demo.Options{DataDir: a.paths.Data})
		if err != nil {
			return err
		}
		a.fleet = fleet
		o.Resolver = fleet
		o.Signers = func() []gossh.Signer { return []gossh.Signer{fleet.Signer()} }
	} else {
		a.lister = &config.Lister{ConfigFile: a.paths.SSHConfig, SystemFile: a.paths.SystemSSHConfig, Home: a.paths.Home}
		found.Sources = []discovery.Source{a.lister}
	}
	a.SSH = ssh.New(o)
	a.VMs = discovery.New(found)
	if a.fleet != nil {
		return a.takeFleetIn(ctx)
	}
	return nil
}

func (a *App) prompter() Prompter {
	switch {
	case a.config.Prompter != nil:
		return a.config.Prompter
	case a.config.Terminal:
		return a.keeping(prompt.NewTerminal(os.Stdin, os.Stderr))
	case a.config.Origin == domain.OriginWindow:
		return a.keeping(a.Prompts)
	}
	return prompt.None{}
}

// keeping puts the keychain, where there is one, in front of who asks the person.
func (a *App) keeping(next Prompter) Prompter {
	if a.keychain == nil {
		return next
	}
	return secret.Keep(next, a.keychain)
}

// takeFleetIn makes VMs of the demo's machines that are not there yet. One that the person deleted stays deleted as
// long as another is left: an empty demo would show nothing.
func (a *App) takeFleetIn(ctx context.Context) error {
	known, err := a.VMs.List(ctx)
	if err != nil || len(known) > 0 {
		return err
	}
	for _, vm := range a.fleet.VMs() {
		vm.ID, vm.CreatedAt = newID(), time.Now()
		vm.UpdatedAt = vm.CreatedAt
		if err := a.History.InsertVMs(ctx, []domain.VM{vm}); err != nil {
			return err
		}
	}
	return nil
}

// Close stops what runs, with verification as long as ctx lasts, keeps what came, and ends every part in reverse.
func (a *App) Close(ctx context.Context) error {
	var errs []error
	if a.stop != nil {
		a.stop()
	}
	a.wg.Wait()
	a.searches.close()
	a.Tasks.Close() // before what they read from
	if a.VMs != nil {
		a.VMs.Close()
	}
	if a.Prompts != nil {
		a.Prompts.Close() // first, or a run would wait for an answer
	}
	if a.Jobs != nil {
		errs = append(errs, a.Jobs.Close(ctx))
	}
	if a.local != nil {
		errs = append(errs, a.local.Close())
	}
	if a.SSH != nil {
		errs = append(errs, a.SSH.Close())
	}
	if a.fleet != nil {
		errs = append(errs, a.fleet.Close())
	}
	if a.Logs != nil {
		errs = append(errs, a.Logs.Close(ctx))
	}
	if a.History != nil {
		errs = append(errs, a.History.Close())
	}
	return errors.Join(errs...)
}

// Info says where the app is and what it stands on.
func (a *App) Info(ctx context.Context) Info {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	version, err := a.resolver.Version(ctx)
	if err != nil {
		version = ""
	}
	return Info{
		Version: a.config.Version, DataDir: a.paths.Data, SSHConfig: a.paths.SSHConfig, SSHVersion: version,
		Demo: a.config.Demo, Platform: runtime.GOOS + "/" + runtime.GOARCH, HostName: host,
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (a *App) parallelism(ctx context.Context) int {
	s, err := a.History.GetSettings(ctx)
	if err != nil {
		a.log.Warn("read the settings", "error", err)
		return domain.DefaultParallelism
	}
	return s.Parallelism
}
