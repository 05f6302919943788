package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"vmorchestrator/backend/command"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/secret"
)

// KeptSecrets are the values of secret parameters that the person wanted kept: in the keychain of this computer, each
// under its command and its name, and nowhere else. Nobody is given a value back but a job that is about to start.
type KeptSecrets struct {
	keychain *secret.Keychain // nil in the demo, which has no secrets worth one
	commands *command.Service
}

// Kept says which secret parameters of a command are kept, and whether others could be.
type Kept struct {
	CanKeep bool     `json:"canKeep"` // there is a keychain that answers
	Names   []string `json:"names"`
}

// Of looks for those of a command. The system may ask the person to unlock the keychain meanwhile; one that doesn't
// answer holds nothing. CodeNotFound without the command.
func (k KeptSecrets) Of(ctx context.Context, commandID string) (Kept, error) {
	c, err := k.commands.Get(ctx, commandID)
	if err != nil || k.keychain == nil {
		return Kept{Names: []string{}}, err
	}
	return k.among(ctx, commandID, domain.SecretParams(c.Params)), nil
}

func (k KeptSecrets) among(ctx context.Context, commandID string, params []domain.Param) Kept {
	out := Kept{Names: []string{}}
	for _, p := range params {
		_, err := k.keychain.Get(ctx, secret.Parameter, keptID(commandID, p.Name))
		if err != nil && !errors.Is(err, secret.ErrNotKept) {
			return Kept{Names: []string{}}
		}
		out.CanKeep = true
		if err == nil {
			out.Names = append(out.Names, p.Name)
		}
	}
	return out
}

// With gives the secrets that were typed and those of names that are kept. CodeInvalid with field "values.NAME" for one
// that is there no more.
func (k KeptSecrets) With(ctx context.Context, commandID string, typed map[string]string, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return typed, nil
	}
	out := maps.Clone(typed)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range names {
		err := secret.ErrNone
		if k.keychain != nil {
			out[name], err = k.keychain.Get(ctx, secret.Parameter, keptID(commandID, name))
		}
		if err != nil {
			return nil, &domain.Error{Code: domain.CodeInvalid, Field: "values." + name, Message: "the keychain doesn't give " + name, Hint: "Unlock the keychain, or type it."}
		}
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
	if err := k.keychain.Set(ctx, secret.Parameter, keptID(commandID, name), value); err != nil {
		return errKeychain(name)
	}
	return nil
}

// Forget takes the kept values of names out of the keychain; that there are none is no error.
func (k KeptSecrets) Forget(ctx context.Context, commandID string, names ...string) error {
	if k.keychain == nil {
		return nil
	}
	for _, name := range names {
		if err := k.keychain.Delete(ctx, secret.Parameter, keptID(commandID, name)); err != nil {
			return errKeychain(name)
		}
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

func keptID(commandID, name string) string { return commandID + " " + name }

func errKeychain(name string) error {
	return domain.NewError(domain.CodeKeychain, "Unlock the keychain of this computer and try again.", "the keychain doesn't answer: %s stays as it was there", name)
}
