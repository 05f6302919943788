package domain

// FoundHost is a host that a source offers.
type FoundHost struct {
	Source       Source      `json:"source"`
	Alias        string      `json:"alias"` // what the source calls it: an alias, a domain's uuid
	Name         string      `json:"name"`  // how the source says it to people; "": the alias
	User         string      `json:"user"`
	Host         string      `json:"host"`
	Port         int         `json:"port"` // 0: not written in the file
	Jump         string      `json:"jump"`
	IdentityFile string      `json:"identityFile"`
	File         string      `json:"file"` // where its Host line is
	Line         int         `json:"line"`
	Environment  Environment `json:"environment"` // a guess from the alias
	Provider     string      `json:"provider"`    // a guess from the host name
	Forge        bool        `json:"forge"`       // github, gitlab, bitbucket: gives no shell
	Tags         []string    `json:"tags"`
	Description  string      `json:"description"`
	Power        Power       `json:"power"`
	Warnings     []string    `json:"warnings"` // e.g. the identity file is missing
}

// FieldChange is one acknowledged value that the file now says differently.
type FieldChange struct {
	Field string `json:"field"` // "host" | "user" | "port" | "jump" | "identityFile"
	Old   string `json:"old"`
	New   string `json:"new"`
}

// ChangedHost is a VM whose lines in the file changed since the last review.
type ChangedHost struct {
	VM      VM            `json:"vm"`
	Found   FoundHost     `json:"found"`
	Changes []FieldChange `json:"changes"`
}

// ConfigProblem is a line of ssh_config that could not be used. The rest of the file was.
type ConfigProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// LookedAt is a file the discovery read, or tried to.
type LookedAt struct {
	Path  string `json:"path"`
	State string `json:"state"` // "read" | "missing" | "unreadable"
	Hosts int    `json:"hosts"`
	Error string `json:"error"`
}

// Review is what a look at the sources found, against what is known. Nothing is taken in without a tick.
type Review struct {
	New      []FoundHost     `json:"new"`
	Changed  []ChangedHost   `json:"changed"`
	Gone     []VM            `json:"gone"`
	Problems []ConfigProblem `json:"problems"`
	Files    []LookedAt      `json:"files"`
	Known    int             `json:"known"` // hosts that are taken in and unchanged
	Sources  []SourceState   `json:"sources"`
	Notes    []VMNote        `json:"notes"` // about VMs that are taken in
}

// Power is whether a machine is switched on, as far as its source can tell.
type Power string

const (
	PowerUnknown  Power = ""
	PowerRunning  Power = "running"
	PowerStopped  Power = "stopped"
	PowerPaused   Power = "paused"
	PowerChanging Power = "changing" // on its way to one of the others
)

// PowerAction is what one may ask of a source that can switch machines.
type PowerAction string

const (
	PowerStart PowerAction = "start"
	PowerStop  PowerAction = "stop"
	PowerReset PowerAction = "restart"
)

// AskState says how far a source has got.
type AskState string

const (
	AskReady  AskState = "ready"  // it answered
	AskAsking AskState = "asking" // it has not answered yet; what is shown of it is from before, or nothing
	AskFailed AskState = "failed" // it can't say
)

// SourceState is one source in a review.
type SourceState struct {
	Source Source   `json:"source"`
	State  AskState `json:"state"`
	Hosts  int      `json:"hosts"`
	Error  *Error   `json:"error"` // with AskFailed
}

// VMNote is something about a VM that is taken in: its power, where its source knows of one, and what is amiss with its
// settings.
type VMNote struct {
	VMID     string   `json:"vmId"`
	Power    Power    `json:"power"`
	Warnings []string `json:"warnings"` // e.g. the identity file is missing
}

// Detail is one thing that a source knows of a machine, for showing.
type Detail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// VMEdit is a change to many VMs at once. What is nil or empty stays as it is.
type VMEdit struct {
	AddTags     []string     `json:"addTags"`
	RemoveTags  []string     `json:"removeTags"`
	Favourite   *bool        `json:"favourite"`
	Hidden      *bool        `json:"hidden"`
	Environment *Environment `json:"environment"`
}

// ReachState says what a look at a VM's SSH port came to.
type ReachState string

const (
	ReachYes      ReachState = "reachable"   // an SSH server answered
	ReachNo       ReachState = "unreachable" // Error says why
	ReachIndirect ReachState = "indirect"    // behind a jump host or a ProxyCommand: only a login could tell
)

// Reach is what a look at a VM's SSH port came to: a TCP connection and the server's banner, never a login.
type Reach struct {
	VMID   string     `json:"vmId"`
	State  ReachState `json:"state"`
	Millis int64      `json:"millis"` // to the server's banner
	Via    string     `json:"via"`    // with ReachIndirect: what it is behind
	Server string     `json:"server"` // the banner
	Error  *Error     `json:"error"`
}

// ImportProblem is a place of an imported file that could not be used. The rest was.
type ImportProblem struct {
	Line    int    `json:"line"` // 0: the file as a whole
	Field   string `json:"field"`
	Message string `json:"message"`
}

// ImportFile is what a file of machines has, as far as it could be read. The Alias of a machine is its name there.
type ImportFile struct {
	Format   string
	Hosts    []FoundHost
	Problems []ImportProblem
	Left     []ImportProblem // what was understood and isn't taken over, such as passwords
}

// ImportReview is what a file has against what is known. Nothing is taken in without a tick.
type ImportReview struct {
	Format   string          `json:"format"` // what the file was taken for, for people
	New      []FoundHost     `json:"new"`
	Changed  []ChangedHost   `json:"changed"` // taken from a file before, under the same name
	Same     int             `json:"same"`
	Doubles  []ImportDouble  `json:"doubles"`
	Problems []ImportProblem `json:"problems"`
	Left     []ImportProblem `json:"left"` // what was understood and isn't taken over, such as passwords
}

// ImportDouble is a machine of the file that seems to be there already; it can be taken in all the same.
type ImportDouble struct {
	Alias  string `json:"alias"`
	VMName string `json:"vmName"` // the VM it seems to be
	Why    string `json:"why"`    // "name" | "address"
}

// TakeHost is a ticked row under New, with what the person made of the guesses.
type TakeHost struct {
	Source      Source      `json:"source"` // "": the first source that offers the alias
	Alias       string      `json:"alias"`
	Name        string      `json:"name"`
	Environment Environment `json:"environment"`
	Tags        []string    `json:"tags"`
}

// ReviewDecision is the ticked rows. Aliases that the file no longer has are refused as a conflict.
type ReviewDecision struct {
	Take        []TakeHost `json:"take"`
	Acknowledge []string   `json:"acknowledge"` // ids of changed VMs
	Remove      []string   `json:"remove"`      // ids of gone VMs
}

// ConnectionTest is the answer of "Test connection".
type ConnectionTest struct {
	OK        bool   `json:"ok"`
	Millis    int64  `json:"millis"`    // from start to an answered command
	Connected string `json:"connected"` // user@address:port as really used
	Server    string `json:"server"`    // the server's version banner
	Error     *Error `json:"error"`
}
