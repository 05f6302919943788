package command

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"vmorchestrator/backend/domain"
)

// Store keeps commands. A name is taken, whatever the case, is CodeConflict on field "name".
type Store interface {
	ListCommands(ctx context.Context) ([]domain.Command, error)
	GetCommand(ctx context.Context, id string) (domain.Command, error)
	InsertCommand(ctx context.Context, c domain.Command) error
	// PutCommands adds and changes commands, all of them or none.
	PutCommands(ctx context.Context, fresh, changed []domain.Command) error
	// InsertCommandsOnce adds those whose id was never given to it.
	InsertCommandsOnce(ctx context.Context, all []domain.Command) (bool, error)
	// UpdateCommand keeps what the command was before as a version.
	UpdateCommand(ctx context.Context, c domain.Command) error
	DeleteCommand(ctx context.Context, id string) error
	RestoreCommand(ctx context.Context, id string) (domain.Command, error)
	CommandVersions(ctx context.Context, id string) ([]domain.CommandVersion, error)
	ArrangeCommands(ctx context.Context, group string, ids []string) error
	CommandResults(ctx context.Context, ids []string) ([]domain.CommandResult, error)
}

// Options are what a Service needs.
type Options struct {
	Store Store
	NewID func() string    // nil is google/uuid's UUIDv7
	Now   func() time.Time // nil is time.Now
	// VMs gives the names of the VMs by their ids: in files a scope names them. nil: there are none.
	VMs func(ctx context.Context) (map[string]string, error)
}

// Service is the saved commands, and those of the library folder.
type Service struct {
	Options
	library library
}

// New makes a Service.
func New(o Options) *Service {
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.VMs == nil {
		o.VMs = func(context.Context) (map[string]string, error) { return map[string]string{}, nil }
	}
	return &Service{Options: o}
}

// List gives all commands in their order, the person's own before those of the library.
func (s *Service) List(ctx context.Context) ([]domain.Command, error) {
	own, err := s.Store.ListCommands(ctx)
	if err != nil {
		return nil, err
	}
	return append(own, s.library.commands(ctx, s)...), nil
}

// Get gives one command, or CodeNotFound.
func (s *Service) Get(ctx context.Context, id string) (domain.Command, error) {
	if isLibrary(id) {
		for _, c := range s.library.commands(ctx, s) {
			if c.ID == id {
				return c, nil
			}
		}
	}
	return s.Store.GetCommand(ctx, id)
}

// Create adds a command and gives it as it was stored: with id and times, and with exactly the parameters of its
// script; those that c doesn't describe become required texts.
func (s *Service) Create(ctx context.Context, c domain.Command) (domain.Command, error) {
	c, err := prepare(c)
	if err != nil {
		return c, err
	}
	if c.Order, err = s.lastOf(ctx, c.Group); err != nil {
		return c, err
	}
	c = s.fresh(c)
	return c, s.Store.InsertCommand(ctx, c)
}

// fresh gives c as a new command of the person.
func (s *Service) fresh(c domain.Command) domain.Command {
	c.ID, c.Shipped, c.Library = s.NewID(), false, ""
	c.CreatedAt = s.stamp()
	c.UpdatedAt = c.CreatedAt
	return c
}

// lastOf is the place behind the last command of a group; 0 in one that nobody arranged, where the names decide.
func (s *Service) lastOf(ctx context.Context, group string) (int, error) {
	all, err := s.Store.ListCommands(ctx)
	last := 0
	for _, c := range all {
		if c.Group == group && c.Order >= last && c.Order > 0 {
			last = c.Order + 1
		}
	}
	return last, err
}

// Update changes a command. Errors as of Create, and CodeNotFound.
func (s *Service) Update(ctx context.Context, c domain.Command) (domain.Command, error) {
	if isLibrary(c.ID) {
		return c, errReadOnly()
	}
	c, err := prepare(c)
	if err != nil {
		return c, err
	}
	old, err := s.Store.GetCommand(ctx, c.ID)
	if err != nil {
		return c, err
	}
	c.Shipped, c.Library, c.CreatedAt, c.UpdatedAt = old.Shipped, "", old.CreatedAt, s.stamp()
	if same(old, c) {
		return old, nil // no edit, and no version of it
	}
	return c, s.Store.UpdateCommand(ctx, c)
}

// same reports whether a and b are the same but for their times.
func same(a, b domain.Command) bool {
	a.UpdatedAt, a.CreatedAt = b.UpdatedAt, b.CreatedAt
	return reflect.DeepEqual(a, b)
}

// Versions gives what a command was before its edits, the newest first.
func (s *Service) Versions(ctx context.Context, id string) ([]domain.CommandVersion, error) {
	return s.Store.CommandVersions(ctx, id)
}

// Arrange gives commands their group and their order in it. Those of the library keep theirs.
func (s *Service) Arrange(ctx context.Context, group string, ids []string) error {
	group = strings.TrimSpace(group)
	if utf8.RuneCountInString(group) > domain.MaxNameLen {
		return domain.FieldError("group", "a group's name has at most %d characters", domain.MaxNameLen)
	}
	return s.Store.ArrangeCommands(ctx, group, slices.DeleteFunc(slices.Clone(ids), isLibrary))
}

// Results gives for each command the job that ran it last, if there is one.
func (s *Service) Results(ctx context.Context) ([]domain.CommandResult, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	return s.Store.CommandResults(ctx, ids)
}

// Delete takes a command away; Restore brings it back, or says CodeConflict if its name is taken by now.
func (s *Service) Delete(ctx context.Context, id string) error {
	if isLibrary(id) {
		return errReadOnly()
	}
	return s.Store.DeleteCommand(ctx, id)
}

// Restore undoes Delete.
func (s *Service) Restore(ctx context.Context, id string) (domain.Command, error) {
	return s.Store.RestoreCommand(ctx, id)
}

func (s *Service) stamp() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// prepare fills what may be left out and checks c whole.
func prepare(c domain.Command) (domain.Command, error) {
	c.Name, c.Group = strings.TrimSpace(c.Name), strings.TrimSpace(c.Group)
	if c.Kind == "" {
		c.Kind = domain.KindSSH
	}
	if c.Scope.Kind == "" {
		c.Scope.Kind = domain.ScopeEverywhere
	}
	if c.Scope.Tags == nil {
		c.Scope.Tags = []string{}
	}
	if c.Scope.VMIDs == nil {
		c.Scope.VMIDs = []string{}
	}
	if c.Env == nil {
		c.Env = map[string]string{}
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	if err := checkPlaces(c.Script); err != nil {
		return c, err
	}
	if err := checkFed(c.Script, c.Params); err != nil {
		return c, err
	}
	c.Params = Params(c.Script, c.Params)
	return c, c.Validate()
}

// checkFed reports a secret for the standard input that the script has as a parameter, too.
func checkFed(script string, params []domain.Param) error {
	names := ParseParams(script)
	for _, p := range params {
		if p.Stdin && slices.Contains(names, p.Name) {
			err := domain.FieldError("script", "%s comes by the standard input, so {{%s}} can't stand in the script", p.Name, p.Name)
			err.Hint = "Take it out of the script, or don't feed it to the standard input."
			return err
		}
	}
	return nil
}

// Params gives the parameters of a script in order: as known where they are, else as required texts. A secret for the
// standard input comes last; no script has it.
func Params(script string, known []domain.Param) []domain.Param {
	params := []domain.Param{}
	for _, name := range ParseParams(script) {
		p := domain.Param{Name: name, Type: domain.ParamText, Required: true}
		if i := slices.IndexFunc(known, func(k domain.Param) bool { return k.Name == name }); i >= 0 {
			p = known[i]
		}
		if p.Choices == nil {
			p.Choices = []string{}
		}
		params = append(params, p)
	}
	for _, p := range known {
		if p.Type == domain.ParamSecret && p.Stdin && !slices.ContainsFunc(params, func(q domain.Param) bool { return q.Name == p.Name }) {
			p.Choices = []string{}
			params = append(params, p)
		}
	}
	return params
}

// Preview is what a command would run.
type Preview struct {
	Script string          `json:"script"` // "" while there is an error
	Params []domain.Param  `json:"params"` // of the script, in order
	Errors []*domain.Error `json:"errors"` // never nil
}

// Preview renders c with values and says all that is wrong at once, for a form. No secret is looked for among values.
func (s *Service) Preview(c domain.Command, values map[string]string) Preview {
	params := Params(c.Script, c.Params)
	full, errs := check(params, values)
	p := Preview{Params: params, Errors: errs}
	if err := domain.ValidScript(c.Script); err != nil {
		p.Errors = append(p.Errors, domain.AsError(err))
	}
	if err := checkFed(c.Script, c.Params); err != nil {
		p.Errors = append(p.Errors, domain.AsError(err))
	}
	script, err := render(c.Script, placed(c.Kind, params, full), variables(params))
	if err != nil {
		p.Errors = append(p.Errors, domain.AsError(err))
	}
	if len(p.Errors) == 0 {
		p.Script = script
	}
	return p
}

// Render gives the script of c with values in it: exactly these bytes are run. A parameter without a value has its
// default, a secret is the variable that it will be in. Errors are CodeInvalid, with field "values.NAME" for a value that
// is missing, breaks its rule, or belongs to no parameter or to a secret.
func (s *Service) Render(c domain.Command, values map[string]string) (string, error) {
	params := Params(c.Script, c.Params)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := slices.IndexFunc(params, func(p domain.Param) bool { return p.Name == name })
		switch {
		case at < 0:
			return "", domain.FieldError("values."+name, "%q is no parameter of %s", name, c.Name)
		case params[at].Type == domain.ParamSecret:
			return "", domain.FieldError("values."+name, "%s is a secret, which is never among the values that are kept", name)
		}
	}
	full, errs := check(params, values)
	if len(errs) > 0 {
		return "", errs[0]
	}
	if err := checkFed(c.Script, c.Params); err != nil {
		return "", err
	}
	return render(c.Script, placed(c.Kind, params, full), variables(params))
}

// placed gives the values as they stand in the script: a file over SSH is what the script reads from its standard input.
func placed(kind domain.CommandKind, params []domain.Param, values map[string]string) map[string]string {
	if kind == domain.KindLocal {
		return values
	}
	out := maps.Clone(values)
	for _, p := range params {
		if p.Type == domain.ParamFile && out[p.Name] != "" {
			out[p.Name] = domain.StdinPath
		}
	}
	return out
}

// variables gives for each secret the variable that it is in.
func variables(params []domain.Param) map[string]string {
	out := map[string]string{}
	for _, p := range domain.SecretParams(params) {
		out[p.Name] = p.Variable()
	}
	return out
}

// check gives each parameter but the secrets its value, and what is wrong with them.
func check(params []domain.Param, values map[string]string) (map[string]string, []*domain.Error) {
	full, errs := map[string]string{}, []*domain.Error{}
	for _, p := range params {
		if p.Type == domain.ParamSecret {
			continue // checked where it is given: it never comes here
		}
		value, given := values[p.Name]
		if !given {
			value = p.Default
		}
		if err := p.Check(value); err != nil {
			errs = append(errs, domain.AsError(err))
		}
		full[p.Name] = value
	}
	return full, errs
}
