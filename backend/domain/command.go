package domain

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

// CommandKind is where a command's script runs.
type CommandKind string

const (
	KindSSH   CommandKind = "ssh"   // on the VMs
	KindLocal CommandKind = "local" // on this computer, once for each VM that is chosen, or once for none
	// KindTerminal opens in the person's own terminal on the VM: what it needs is typed there, and nothing is recorded.
	KindTerminal CommandKind = "terminal"
)

// ScopeKind says on which VMs a command is offered.
type ScopeKind string

const (
	ScopeEverywhere ScopeKind = "everywhere"
	ScopeTags       ScopeKind = "tags"
	ScopeVMs        ScopeKind = "vms"
)

// Scope is where a command is offered. It is an offer, no permission: any command can be run anywhere.
type Scope struct {
	Kind  ScopeKind `json:"kind"`
	Tags  []string  `json:"tags"`
	VMIDs []string  `json:"vmIds"`
}

// Command is a saved, parameterised script. Many lines stay many lines.
type Command struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"` // unique in its scope, whatever the case
	Description    string            `json:"description"`
	Kind           CommandKind       `json:"kind"`
	Script         string            `json:"script"`
	Params         []Param           `json:"params"`
	Scope          Scope             `json:"scope"`
	Group          string            `json:"group"`
	WorkDir        string            `json:"workDir"` // "" is the login's home
	Env            map[string]string `json:"env"`
	Options        RunOptions        `json:"options"`
	TimeoutSeconds int               `json:"timeoutSeconds"` // 0 is none
	Confirm        bool              `json:"confirm"`        // ask before it runs
	Order          int               `json:"order"`
	Shipped        bool              `json:"shipped"` // came with the app
	Library        string            `json:"library"` // the file of the library folder that it is read from; "" is the person's own
	CreatedAt      time.Time         `json:"createdAt"`
	UpdatedAt      time.Time         `json:"updatedAt"`
}

// CommandVersion is what a command was before an edit.
type CommandVersion struct {
	At      time.Time `json:"at"` // of the edit that replaced it
	Command Command   `json:"command"`
}

// CommandResult is the last job of a command.
type CommandResult struct {
	CommandID  string     `json:"commandId"`
	JobID      string     `json:"jobId"`
	JobNumber  int64      `json:"jobNumber"`
	Status     Status     `json:"status"`
	RunCount   int        `json:"runCount"`
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
}

// Limits of a command's values.
const (
	MaxScriptBytes    = 1 << 20
	MaxTimeoutSeconds = 24 * 60 * 60
	// MaxParams is more than any form can ask without losing the person.
	MaxParams = 100
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate reports the first rule that c breaks as an *Error with Field set, or nil.
// That every {{name}} of the script has a parameter is the command service's check: it knows the template grammar.
func (c Command) Validate() error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	switch {
	case c.Kind != KindSSH && c.Kind != KindLocal && c.Kind != KindTerminal:
		return FieldError("kind", "%q is not a kind of command", string(c.Kind))
	case c.Kind == KindTerminal && c.WorkDir != "":
		return FieldError("workDir", "in a terminal the script itself goes to its folder")
	case c.Kind == KindTerminal && len(c.Env) > 0:
		return FieldError("env", "in a terminal the script itself sets its variables")
	case c.Kind == KindTerminal && len(SecretParams(c.Params)) > 0:
		return FieldError("params", "in a terminal secrets are typed there: as a parameter one would stand in an argument list")
	case c.Kind == KindTerminal && fileParam(c.Params) != nil:
		return FieldError("params", "in a terminal the standard input is the keyboard: a file can't be sent there")
	}
	if err := ValidScript(c.Script); err != nil {
		return err
	}
	if utf8.RuneCountInString(c.Group) > MaxNameLen {
		return FieldError("group", "a group's name has at most %d characters", MaxNameLen)
	}
	if utf8.RuneCountInString(c.Description) > MaxDescriptionLen {
		return FieldError("description", "a description has at most %d characters", MaxDescriptionLen)
	}
	if strings.ContainsRune(c.WorkDir, 0) {
		return FieldError("workDir", "a folder's name can't contain a NUL")
	}
	if c.TimeoutSeconds < 0 || c.TimeoutSeconds > MaxTimeoutSeconds {
		return FieldError("timeoutSeconds", "a time-out is 1 second to 24 hours, or none")
	}
	if err := c.Options.Validate(c.Kind); err != nil {
		return err
	}
	for name, value := range c.Env {
		if !envName.MatchString(name) || strings.ContainsRune(value, 0) {
			return FieldError("env", "%q can't be an environment variable", name)
		}
	}
	switch c.Scope.Kind {
	case ScopeEverywhere:
	case ScopeTags:
		if len(c.Scope.Tags) == 0 {
			return FieldError("scope", "choose at least one tag, or offer it on every VM")
		}
	case ScopeVMs:
		if len(c.Scope.VMIDs) == 0 {
			return FieldError("scope", "choose at least one VM, or offer it on every VM")
		}
	default:
		return FieldError("scope", "%q is not a scope", string(c.Scope.Kind))
	}
	if len(c.Params) > MaxParams {
		return FieldError("params", "a command has at most %d parameters", MaxParams)
	}
	seen := map[string]bool{}
	for _, p := range c.Params {
		if err := p.validate(); err != nil {
			return err
		}
		if seen[p.Name] {
			return FieldError("params", "the parameter %q is there twice", p.Name)
		}
		seen[p.Name] = true
	}
	return c.validateSecrets()
}

// ValidScript reports as an *Error on field "script" what keeps script from being run, or nil.
func ValidScript(script string) error {
	switch {
	case strings.TrimSpace(script) == "":
		return FieldError("script", "a command needs a script")
	case len(script) > MaxScriptBytes:
		return FieldError("script", "a script has at most 1 MiB")
	case strings.ContainsRune(script, 0):
		return FieldError("script", "a script can't contain a NUL")
	}
	return nil
}
