package domain

import (
	"regexp"
	"slices"
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
	KindLocal CommandKind = "local" // on this computer, once per VM it is run for
	// KindTerminal opens in the person's own terminal on the VM: what it needs is typed there, and nothing is recorded.
	KindTerminal CommandKind = "terminal"
)

// ParamType is how a parameter is asked for and checked.
type ParamType string

const (
	ParamText   ParamType = "text"
	ParamNumber ParamType = "number"
	ParamChoice ParamType = "choice"
	ParamBool   ParamType = "bool"   // its values are "yes" and "no"
	ParamSecret ParamType = "secret" // asked for at every run and never stored; see secret.go
)

// Param is one {{name}} of a script.
type Param struct {
	Name     string    `json:"name"`
	Type     ParamType `json:"type"`
	Default  string    `json:"default"`
	Choices  []string  `json:"choices"` // for ParamChoice
	Required bool      `json:"required"`
	Pattern  string    `json:"pattern"` // RE2, matched against the whole value; "" is any
	Help     string    `json:"help"`
	// Stdin makes a secret what the script reads from its standard input, as `sudo -S -p ''` does. It isn't in the
	// script then.
	Stdin bool `json:"stdin"`
}

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
	Name           string            `json:"name"` // unique, whatever the case
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
	CreatedAt      time.Time         `json:"createdAt"`
	UpdatedAt      time.Time         `json:"updatedAt"`
}

// Limits of a command's values.
const (
	MaxScriptBytes    = 1 << 20
	MaxTimeoutSeconds = 24 * 60 * 60
)

var (
	paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,31}$`)
	envName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

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
	case ScopeEverywhere, ScopeTags, ScopeVMs:
	default:
		return FieldError("scope", "%q is not a scope", string(c.Scope.Kind))
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

func (p Param) validate() error {
	if !paramName.MatchString(p.Name) {
		return FieldError("params", "a parameter's name has letters, digits, dashes and underscores: %q", p.Name)
	}
	switch p.Type {
	case ParamText, ParamNumber, ParamBool, ParamSecret:
	case ParamChoice:
		if len(p.Choices) == 0 {
			return FieldError("params", "the parameter %q needs at least one choice", p.Name)
		}
	default:
		return FieldError("params", "%q is not a type of parameter", string(p.Type))
	}
	if _, err := regexp.Compile(p.Pattern); err != nil {
		return FieldError("params", "the rule of %q can't be read: %w", p.Name, err)
	}
	if p.Default != "" {
		return p.Check(p.Default)
	}
	return nil
}

// Check reports as an *Error whether value may stand for p. Field is "values." and the parameter's name.
func (p Param) Check(value string) error {
	field := "values." + p.Name
	switch {
	case value == "" && p.Required:
		return FieldError(field, "%s needs a value", p.Name)
	case strings.ContainsRune(value, 0):
		return FieldError(field, "%s can't contain a NUL", p.Name)
	case value == "":
		return nil
	}
	switch p.Type {
	case ParamNumber:
		if _, err := strconv.ParseFloat(value, 64); err != nil || strings.ContainsAny(value, "xXpP_nN") {
			return FieldError(field, "%s must be a number", p.Name)
		}
	case ParamChoice:
		if !slices.Contains(p.Choices, value) {
			return FieldError(field, "%s must be one of %s", p.Name, strings.Join(p.Choices, ", "))
		}
	case ParamBool:
		if value != "yes" && value != "no" {
			return FieldError(field, "%s must be yes or no", p.Name)
		}
	case ParamSecret:
		if err := checkSecret(p.Name, value); err != nil {
			return err
		}
	}
	if p.Pattern != "" && !regexp.MustCompile(`^(?:`+p.Pattern+`)$`).MatchString(value) {
		return FieldError(field, "%s must match %s", p.Name, p.Pattern)
	}
	return nil
}
