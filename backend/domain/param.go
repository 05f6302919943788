package domain

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParamType is how a parameter is asked for and checked.
type ParamType string

const (
	ParamText   ParamType = "text"
	ParamNumber ParamType = "number"
	ParamChoice ParamType = "choice"
	// ParamOutput is a choice among the lines that a script of its own prints when it is asked. What isn't among them can be
	// typed: the script may fail, or know too little.
	ParamOutput ParamType = "output"
	ParamBool   ParamType = "bool" // its values are "yes" and "no"
	// ParamFile is the path of a file of this computer. Over SSH its contents are the script's standard input and {{name}}
	// is /dev/stdin, to be read once; on this computer {{name}} is the path. The contents are never stored.
	ParamFile   ParamType = "file"
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
	Min      *float64  `json:"min"` // for ParamNumber; nil is any
	Max      *float64  `json:"max"`
	// From is the script whose lines are the choices of a ParamOutput. It runs on one of the chosen VMs, or with FromLocal on
	// this computer, and takes no parameters.
	From      string `json:"from"`
	FromLocal bool   `json:"fromLocal"`
	// Stdin makes a secret what the script reads from its standard input, as `sudo -S -p ''` does. It isn't in the
	// script then.
	Stdin bool `json:"stdin"`
}

const (
	// MaxFileBytes bounds what a file parameter sends: it is held in memory once for each VM that it goes to.
	MaxFileBytes = 1 << 20
	// StdinPath is what a file parameter is in the script of a command over SSH.
	StdinPath = "/dev/stdin"
)

var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,31}$`)

func fileParam(params []Param) *Param {
	if i := slices.IndexFunc(params, func(p Param) bool { return p.Type == ParamFile }); i >= 0 {
		return &params[i]
	}
	return nil
}

func (p Param) validate() error {
	if !paramName.MatchString(p.Name) {
		return FieldError("params", "a parameter's name has letters, digits, dashes and underscores: %q", p.Name)
	}
	switch p.Type {
	case ParamText, ParamBool, ParamSecret, ParamFile:
	case ParamNumber:
		if p.Min != nil && p.Max != nil && *p.Min > *p.Max {
			return FieldError("params", "the smallest %q is greater than the greatest", p.Name)
		}
	case ParamChoice:
		if len(p.Choices) == 0 {
			return FieldError("params", "the parameter %q needs at least one choice", p.Name)
		}
	case ParamOutput:
		if strings.TrimSpace(p.From) == "" {
			return FieldError("params", "the parameter %q needs a script that prints its choices", p.Name)
		}
		if strings.ContainsRune(p.From, 0) || len(p.From) > MaxScriptBytes {
			return FieldError("params", "the script for the choices of %q can't be run", p.Name)
		}
	default:
		return FieldError("params", "%q is not a type of parameter", string(p.Type))
	}
	if utf8.RuneCountInString(p.Help) > MaxDescriptionLen {
		return FieldError("params", "the help for %q has at most %d characters", p.Name, MaxDescriptionLen)
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
		if err := p.checkNumber(value); err != nil {
			return err
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

func (p Param) checkNumber(value string) error {
	field := "values." + p.Name
	number, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || strings.ContainsAny(value, "xXpP_nN"):
		return FieldError(field, "%s must be a number", p.Name)
	case p.Min != nil && number < *p.Min:
		return FieldError(field, "%s must be %s at least", p.Name, plainNumber(*p.Min))
	case p.Max != nil && number > *p.Max:
		return FieldError(field, "%s must be %s at most", p.Name, plainNumber(*p.Max))
	}
	return nil
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
