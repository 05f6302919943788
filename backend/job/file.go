package job

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vmorchestrator/backend/domain"
)

// fileOf gives the file parameter of a command over SSH that has a value, with the file's path as its default: with the
// job it is kept which file was sent, and never what was in it.
func fileOf(c domain.Command, values map[string]string) []domain.Param {
	if c.Kind != domain.KindSSH {
		return nil
	}
	for _, p := range c.Params {
		if path, given := values[p.Name]; given {
			p.Default = path
		}
		if p.Type == domain.ParamFile && p.Default != "" {
			return []domain.Param{p}
		}
	}
	return nil
}

// takeFile reads the file of a job, as it is now, to be the standard input of its script.
func takeFile(job domain.Job, secrets *domain.Secrets) error {
	for _, p := range job.Secrets {
		if p.Type != domain.ParamFile {
			continue
		}
		text, err := readFile(p)
		if err != nil {
			return err
		}
		secrets.Stdin = text
	}
	return nil
}

func readFile(p domain.Param) (domain.Hidden, error) {
	field, path := "values."+p.Name, p.Default
	if rest, home := strings.CutPrefix(path, "~"+string(filepath.Separator)); home {
		dir, err := os.UserHomeDir()
		if err != nil {
			return nil, domain.FieldError(field, "the home folder isn't known: %w", err)
		}
		path = filepath.Join(dir, rest)
	}
	info, err := os.Stat(path)
	var cause *fs.PathError
	switch {
	case errors.As(err, &cause):
		return nil, domain.FieldError(field, "%s can't be read: %w", p.Default, cause.Err)
	case err != nil:
		return nil, domain.FieldError(field, "%s can't be read: %w", p.Default, err)
	case !info.Mode().IsRegular():
		return nil, domain.FieldError(field, "%s is no file", p.Default)
	case !filepath.IsAbs(path):
		return nil, domain.FieldError(field, "%s must be a whole path, from the root or with ~/", p.Default)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, domain.FieldError(field, "%s can't be read: %w", p.Default, errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, domain.MaxFileBytes+1))
	switch {
	case err != nil:
		return nil, domain.FieldError(field, "%s can't be read: %w", p.Default, err)
	case len(text) > domain.MaxFileBytes:
		e := domain.FieldError(field, "%s is too long: a file has 1 MiB at most", p.Default)
		e.Hint = "Copy it with scp first, and give the command its path there."
		return nil, e
	}
	return text, nil
}

// masked are the secrets that a screen hides: what is in a file is none.
func masked(job domain.Job, secrets domain.Secrets) domain.Secrets {
	for _, p := range job.Secrets {
		if p.Type == domain.ParamFile {
			secrets.Stdin = nil
		}
	}
	return secrets
}
