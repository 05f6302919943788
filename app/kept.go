package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"vmorchestrator/backend/command"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/secret"
)

// KeptSecrets are the values of secret parameters that the person wanted kept: in the keychain of this computer, each
// under its command and its name, and nowhere else. Nobody is given a value back but a job that is about to start.
// A value is given to what the command did when it was kept: whoever changes a command in a shared folder must not get
// it into a script that the person never saw.
type KeptSecrets struct {
	keychain *secret.Keychain // nil in the demo, which has no secrets worth one
	commands *command.Service
}

// Kept says which secret parameters of a command are kept, and whether others could be.
type Kept struct {
	CanKeep bool     `json:"canKeep"` // there is a keychain that answers
	Names   []string `json:"names"`
	Changed []string `json:"changed"` // kept for what the command did before it was changed: asked for again
}

func nothingKept() Kept { return Kept{Names: []string{}, Changed: []string{}} }

// Of looks for those of a command. The system may ask the person to unlock the keychain meanwhile; one that doesn't
// answer holds nothing. CodeNotFound without the command.
func (k KeptSecrets) Of(ctx context.Context, commandID string) (Kept, error) {
	c, err := k.commands.Get(ctx, commandID)
	if err != nil || k.keychain == nil {
		return nothingKept(), err
	}
	out := nothingKept()
	for _, p := range domain.SecretParams(c.Params) {
		_, err := k.get(ctx, c, p.Name)
		switch {
		case err == nil:
			out.Names = append(out.Names, p.Name)
		case errors.Is(err, errChanged):
			out.Changed = append(out.Changed, p.Name)
		case !errors.Is(err, secret.ErrNotKept):
			return nothingKept(), nil
		}
		out.CanKeep = true
	}
	return out, nil
}

// With gives the secrets that were typed and those of names that are kept. CodeInvalid with field "values.NAME" for one
// that is there no more.
func (k KeptSecrets) With(ctx context.Context, commandID string, typed map[string]string, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return typed, nil
	}
	c, err := k.commands.Get(ctx, commandID)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(typed)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range names {
		value, err := k.get(ctx, c, name)
		switch {
		case errors.Is(err, errChanged):
			return nil, &domain.Error{Code: domain.CodeInvalid, Field: "values." + name, Message: c.Name + " has changed since " + name + " was kept", Hint: "Read what it does now, and type " + name + " again."}
		case err != nil:
			return nil, &domain.Error{Code: domain.CodeInvalid, Field: "values." + name, Message: "the keychain doesn't give " + name, Hint: "Unlock the keychain, or type it."}
		}
		out[name] = value
	}
	return out, nil
}

// Keep keeps a value, in the place of what was kept before. CodeInvalid with field "values.NAME" if the command has no
// such secret or the value breaks its rules, CodeKeychain if the keychain doesn't take it: then it is nowhere.
func (k KeptSecrets) Keep(ctx context.Context, commandID, name, value string) error {
	c, err := k.commands.Get(ctx, commandID)
	if err != nil {
		return err
	}
	params := domain.SecretParams(c.Params)
	i := slices.IndexFunc(params, func(p domain.Param) bool { return p.Name == name })
	if i < 0 {
		return domain.FieldError("values."+name, "%q is no secret parameter of %s", name, c.Name)
	}
	if err := params[i].Check(value); err != nil {
		return err
	}
	if k.keychain == nil {
		return errKeychain(name)
	}
	if err := k.keychain.Set(ctx, secret.Parameter, keptID(commandID, name), digestOf(c)+keptSeparator+value); err != nil {
		return errKeychain(name)
	}
	return nil
}

// Forget takes what is kept for a secret out of the keychain; that there is nothing is no error.
func (k KeptSecrets) Forget(ctx context.Context, commandID, name string) error {
	if k.keychain == nil {
		return nil
	}
	if err := k.keychain.Delete(ctx, secret.Parameter, keptID(commandID, name)); err != nil {
		return errKeychain(name)
	}
	return nil
}

// Delete forgets a command, and with it what is kept for it: an undo brings the command back, not the secrets.
func (k KeptSecrets) Delete(ctx context.Context, commandID string) error {
	c, err := k.commands.Get(ctx, commandID)
	if err != nil {
		return err
	}
	if err := k.commands.Delete(ctx, commandID); err != nil {
		return err
	}
	for _, p := range domain.SecretParams(c.Params) {
		_ = k.Forget(ctx, commandID, p.Name) // without a keychain there is nothing to forget
	}
	return nil
}

// errChanged says that a value is kept for what the command did before.
var errChanged = errors.New("the command has changed since")

// get gives the kept value of c's secret name: secret.ErrNotKept, secret.ErrNone, or errChanged.
func (k KeptSecrets) get(ctx context.Context, c domain.Command, name string) (string, error) {
	if k.keychain == nil {
		return "", secret.ErrNone
	}
	text, err := k.keychain.Get(ctx, secret.Parameter, keptID(c.ID, name))
	if err != nil {
		return "", err
	}
	digest, value, _ := strings.Cut(text, keptSeparator)
	if digest != digestOf(c) {
		return "", errChanged
	}
	return value, nil
}

// keptSeparator ends the digest before a kept value; no digest contains it.
const keptSeparator = ":"

// digestOf tells what a command does with its secrets: all that says what runs where, and nothing else of it.
func digestOf(c domain.Command) string {
	env := maps.Clone(c.Env)
	if env == nil {
		env = map[string]string{} // none is none, however it is written
	}
	does, _ := json.Marshal([]any{c.Kind, c.Script, c.WorkDir, env, c.Options}) // texts, flags and sorted keys: it can't fail
	sum := sha256.Sum256(does)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func keptID(commandID, name string) string { return commandID + " " + name }

func errKeychain(name string) error {
	return domain.NewError(domain.CodeKeychain, "Unlock the keychain of this computer and try again.", "the keychain doesn't answer: %s stays as it was there", name)
}
