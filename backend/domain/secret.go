package domain

import (
	"fmt"
	"strings"
)

// A secret is a parameter whose value the app never writes anywhere: not to the database, a log, an event or a command
// line. It goes to the script through a pipe, either as the environment variable that its {{name}} becomes, or as what
// the script reads from its standard input.

const (
	// Mask is what is shown in the place of a secret.
	Mask = "•••"
	// MaxSecretBytes is the longest secret: a line that a terminal takes whole.
	MaxSecretBytes = 4095
)

// Hidden is the value of a secret in memory. It prints, logs and marshals as Mask.
type Hidden []byte

func (Hidden) String() string               { return Mask }
func (Hidden) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(Mask)) }
func (Hidden) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// Secret is an environment variable of one script. See Exec.
type Secret struct {
	Name  string
	Value Hidden
}

// Secrets are those of one job on the way to its targets.
type Secrets struct {
	Env   []Secret
	Stdin Hidden // nil: the script's standard input is empty
}

// Wipe overwrites the values. Nothing may be using them any more.
func (s Secrets) Wipe() {
	for _, e := range s.Env {
		clear(e.Value)
	}
	clear(s.Stdin)
}

// Empty says that there are none.
func (s Secrets) Empty() bool { return len(s.Env) == 0 && s.Stdin == nil }

// Variable is the environment variable that a secret parameter's value is in.
func (p Param) Variable() string { return "VMO_SECRET_" + strings.ReplaceAll(p.Name, "-", "_") }

// SecretParams are the secret ones among params. Never nil.
func SecretParams(params []Param) []Param {
	out := []Param{}
	for _, p := range params {
		if p.Type == ParamSecret {
			out = append(out, p)
		}
	}
	return out
}

// TakeSecrets checks the values that were given for the secret ones among params and makes them ready to be sent. An
// optional one that wasn't given is empty. Errors are CodeInvalid with field "values." and the parameter's name.
func TakeSecrets(params []Param, given map[string]string) (Secrets, error) {
	var out Secrets
	known := map[string]bool{}
	for _, p := range SecretParams(params) {
		known[p.Name] = true
		value := given[p.Name]
		if err := p.Check(value); err != nil {
			return Secrets{}, err
		}
		switch {
		case !p.Stdin:
			out.Env = append(out.Env, Secret{Name: p.Variable(), Value: Hidden(value)})
		case value != "":
			out.Stdin = Hidden(value + "\n")
		}
	}
	for name := range given {
		if !known[name] {
			return Secrets{}, FieldError("values."+name, "%q is no secret parameter of this command", name)
		}
	}
	return out, nil
}

// checkSecret is what holds for the value of a secret beside its own rules.
func checkSecret(name, value string) error {
	field := "values." + name
	if strings.ContainsAny(value, "\r\n") {
		return FieldError(field, "%s must be one line", name)
	}
	if len(value) > MaxSecretBytes {
		return FieldError(field, "%s can have %d bytes at most", name, MaxSecretBytes)
	}
	return nil
}

// validateSecrets reports what is wrong with the secret parameters of c as an *Error with Field set, or nil.
func (c Command) validateSecrets() error {
	variables, fed := map[string]string{}, ""
	for _, p := range c.Params {
		switch {
		case p.Type == ParamFile && c.Kind == KindLocal:
			continue
		case p.Type == ParamFile && fed != "":
			return FieldError("params", "only one thing can go to the standard input: %q or %q", fed, p.Name)
		case p.Type == ParamFile && c.Options.Terminal:
			return FieldError("options.terminal", "with a terminal the standard input is the keyboard: the file %s can't be sent", p.Name)
		case p.Type == ParamFile:
			fed = p.Name
			continue
		case p.Type != ParamSecret && p.Stdin:
			return FieldError("params", "only a secret goes to the standard input, and %q is none", p.Name)
		case p.Type != ParamSecret:
			continue
		case p.Default != "":
			return FieldError("params", "a secret has no default: %q is asked for at every run", p.Name)
		case p.Stdin && fed != "":
			return FieldError("params", "only one thing can go to the standard input: %q or %q", fed, p.Name)
		case variables[p.Variable()] != "":
			return FieldError("params", "the secrets %q and %q are too alike; rename one", variables[p.Variable()], p.Name)
		}
		variables[p.Variable()] = p.Name
		if p.Stdin {
			fed = p.Name
		}
	}
	if len(variables) > 0 && c.Options.Terminal {
		return FieldError("options.terminal", "a terminal would show the secret %s: a command with secrets can't have one", firstOf(c.Params))
	}
	return nil
}

func firstOf(params []Param) string { return SecretParams(params)[0].Name }
