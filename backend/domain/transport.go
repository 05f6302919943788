package domain

// TargetKind says how a run reaches its target.
type TargetKind string

const (
	TargetSSH   TargetKind = "ssh"
	TargetLocal TargetKind = "local"
)

// Target is all that a transport needs to find a machine. It is stored with the run as a snapshot.
type Target struct {
	Kind TargetKind `json:"kind"`
	// Alias is a word that ssh_config resolves; when set, Host is only what was last seen, for display, and User and Port
	// are "" and 0 unless the person overrode them.
	Alias string `json:"alias"`
	User  string `json:"user"`
	Host  string `json:"host"`
	Port  int    `json:"port"`
	// Jump and IdentityFile are what the person set beside the address, for a machine that has no alias; "" leaves the
	// matter to ssh_config. Jump is a ProxyJump.
	Jump         string `json:"jump,omitempty"`
	IdentityFile string `json:"identityFile,omitempty"`
	// Plain says that there is no POSIX shell (a network device, Windows): the command is sent as it stands.
	Plain bool `json:"plain,omitempty"`
}

// Destination is the word one would give to ssh: the alias if there is one, else the host.
func (t Target) Destination() string {
	if t.Alias != "" {
		return t.Alias
	}
	return t.Host
}

// String is the target as a person reads it.
func (t Target) String() string {
	if t.Kind == TargetLocal {
		return "this computer"
	}
	if t.Alias != "" && t.Host == "" {
		return Address(t.User, t.Alias, t.Port)
	}
	return Address(t.User, t.Host, t.Port)
}

// Exec is what a transport is asked to run.
type Exec struct {
	RunID   string            // put into the environment as VMO_RUN_ID
	Script  string            // for the person's login shell, many lines allowed
	WorkDir string            // "" is home
	Env     map[string]string // set inside the script
	Secrets Secrets           // environment and standard input that nobody else may see; a transport copies them
	Options RunOptions
}

// ExitKind says how a command ended.
type ExitKind string

const (
	ExitStatus  ExitKind = "status"  // Exit.Code
	ExitSignal  ExitKind = "signal"  // Exit.Signal, without "SIG"
	ExitUnknown ExitKind = "unknown" // contact was lost; Exit.Err says why. Never success.
)

// Exit is how a command ended on its target. Status 255 of a command is a status like any other.
type Exit struct {
	Kind   ExitKind
	Code   int
	Signal string
	Err    *Error // set with ExitUnknown
	Note   string // e.g. that a child still holds the output open
}
