// Package paths says where things live on this computer: data, locks and logs by the system's conventions
// (XDG folders, Application Support, LocalAppData), and ssh_config where ssh itself looks.
//
// It promises that every folder it makes is the person's alone (0700), and a clear error where no place can be found.
package paths

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"

	"vmorchestrator/backend/domain"
)

// Names of the environment variables that overrule the defaults.
const (
	EnvDataDir   = "VMO_DATA_DIR"   // the data folder, used as it is
	EnvSSHConfig = "VMO_SSH_CONFIG" // the ssh_config to read; as with "ssh -F", the system's file is then not read
)

const (
	appFolder  = "vmorchestrator"
	demoFolder = "demo" // inside the data folder: a database, host keys and known_hosts of its own
)

// Env is what the answer depends on.
type Env struct {
	Getenv func(string) string // nil: os.Getenv
	Home   func() (string, error)
	// DataHome is the folder for the data of applications. nil: adrg/xdg.
	DataHome  func() string
	DataDir   string // overrules VMO_DATA_DIR
	SSHConfig string // overrules VMO_SSH_CONFIG
	Demo      bool   // the demo fleet's own folder, so that playing never touches the person's data
}

// Paths are absolute.
type Paths struct {
	Home     string // the account's home folder, as ssh sees it
	Data     string // holds all the rest
	Database string // a file
	Locks    string // a folder
	Logs     string // a folder
	// SSHConfig is the person's ssh_config, whether or not it exists. SystemSSHConfig is read after it, "" for none.
	SSHConfig       string
	SystemSSHConfig string
	// SSHConfigFlag is what ssh must be given with -F, "" for its own choice.
	SSHConfigFlag string
	// Demo fleet only.
	DemoKnownHosts string
}

// Resolve finds the places and makes data, lock and log folders. CodeDataFolder if that is not possible.
func Resolve(env Env) (Paths, error) {
	if env.Getenv == nil {
		env.Getenv = os.Getenv
	}
	if env.Home == nil {
		env.Home = home
	}
	if env.DataHome == nil {
		env.DataHome = func() string { xdg.Reload(); return xdg.DataHome }
	}
	homeDir, err := env.Home()
	if err != nil || homeDir == "" {
		return Paths{}, noHome(err)
	}
	p := Paths{Home: homeDir}
	if p.Data, err = dataFolder(env); err != nil {
		return Paths{}, err
	}
	if env.Demo {
		p.Data = filepath.Join(p.Data, demoFolder)
		p.DemoKnownHosts = filepath.Join(p.Data, "known_hosts")
	}
	p.Database = filepath.Join(p.Data, "vmo.db")
	p.Locks = filepath.Join(p.Data, "locks")
	p.Logs = filepath.Join(p.Data, "logs")
	if err := p.sshConfig(env); err != nil {
		return Paths{}, err
	}
	for _, folder := range []string{p.Data, p.Locks, p.Logs} {
		if err := makePrivate(folder); err != nil {
			return Paths{}, domain.NewError(domain.CodeDataFolder,
				"Make the folder writable for you, or name another one with "+EnvDataDir+".", "the data folder can't be used: %w", err)
		}
	}
	return p, nil
}

func dataFolder(env Env) (string, error) {
	dir := first(env.DataDir, env.Getenv(EnvDataDir))
	if dir == "" {
		base := env.DataHome()
		if base == "" || !filepath.IsAbs(base) {
			return "", noHome(errors.New("the system names no folder for data"))
		}
		return filepath.Join(base, appFolder), nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", domain.NewError(domain.CodeDataFolder, "Give a full path in "+EnvDataDir+".", "the data folder %q can't be used: %w", dir, err)
	}
	return abs, nil
}

func (p *Paths) sshConfig(env Env) error {
	if given := first(env.SSHConfig, env.Getenv(EnvSSHConfig)); given != "" {
		abs, err := filepath.Abs(given)
		if err != nil {
			return domain.NewError(domain.CodeNoConfig, "Give a full path in "+EnvSSHConfig+".", "the ssh_config %q can't be used: %w", given, err)
		}
		p.SSHConfig, p.SSHConfigFlag = abs, abs
		return nil
	}
	p.SSHConfig = filepath.Join(p.Home, ".ssh", "config")
	p.SystemSSHConfig = "/etc/ssh/ssh_config"
	if runtime.GOOS == "windows" {
		p.SystemSSHConfig = filepath.Join(first(env.Getenv("ProgramData"), `C:\ProgramData`), "ssh", "ssh_config")
	}
	return nil
}

// home is the account's home folder, which is what ssh uses, whatever HOME says; HOME only where the account has none.
func home() (string, error) {
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir, nil
	}
	return os.UserHomeDir()
}

func noHome(err error) error {
	if err == nil {
		err = errors.New("it is empty")
	}
	return domain.NewError(domain.CodeDataFolder, "Set HOME to your home folder, or "+EnvDataDir+" to a folder of your choice.",
		"your home folder can't be found: %w", err)
}

// makePrivate makes a folder with its parents. One that is there already keeps its mode: it may be shared on purpose.
func makePrivate(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = &os.PathError{Op: "open", Path: folder, Err: errors.New("it is not a folder")}
	}
	return err
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
