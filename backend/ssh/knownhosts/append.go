package knownhosts

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// Append writes key as the host's into file, unless it stands there already. Under a lock in lockDir, shared by all of
// our processes, everything is read and judged again: what became Changed or Revoked meanwhile is refused. The line,
// and the newline that an earlier writer may have left out, go in by one O_APPEND write; the file is never rewritten.
// A new file gets mode 0600, a new folder 0700. For a certificate the key inside is written.
func Append(ctx context.Context, file, lockDir string, q Query, key ssh.PublicKey, hashed bool) (err error) {
	if file == "" || file == os.DevNull {
		return domain.NewError(domain.CodeKnownHosts, "Name a file with UserKnownHostsFile in your ssh_config.",
			"the key of %s can't be kept: your ssh_config names no file for it", q.Name())
	}
	unlock, err := lock(ctx, lockDir)
	if err != nil {
		return err
	}
	defer unlock()

	key = plain(key)
	result, err := Check(q, key)
	if err != nil {
		return err
	}
	switch result.State {
	case Known, CertAuthority:
		return nil
	case Changed:
		return domain.NewError(domain.CodeHostKeyChanged, "Nothing was written. Find out why the key differs before you connect.",
			"another key of %s was written to %s:%d meanwhile", q.Name(), result.File, result.Line)
	case BadCert:
		return domain.NewError(domain.CodeHostKeyUnknown, "Nothing was written.", "the certificate of %s is not valid: %s", q.Name(), result.Reason)
	case Revoked:
		return domain.NewError(domain.CodeHostKeyRevoked, "Nothing was written. A revoked key is never trusted.",
			"the key of %s is revoked in %s:%d", q.Name(), result.File, result.Line)
	}
	return write(file, q.Name(), key, hashed)
}

func write(path, name string, key ssh.PublicKey, hashed bool) (err error) {
	defer func() {
		if err != nil {
			err = domain.NewError(domain.CodeKnownHosts, "Make the file writable for you, or add the key with ssh in a terminal.",
				"the key of %s can't be kept in %s: %w", name, path, err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	line := Line(name, key, hashed)
	if open, err := endsOpen(file); err != nil {
		return errors.Join(err, file.Close())
	} else if open {
		line = "\n" + line
	}
	_, err = file.WriteString(line)
	return errors.Join(err, file.Sync(), file.Close())
}

// endsOpen says whether the last line lacks its newline.
func endsOpen(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.New("it is not a regular file")
	}
	if info.Size() == 0 {
		return false, nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}

// Line is the known_hosts line, with its newline, that makes key the key of name.
func Line(name string, key ssh.PublicKey, hashed bool) string {
	if hashed {
		salt := make([]byte, sha1.Size)
		rand.Read(salt) // never fails (crypto/rand)
		b64 := base64.StdEncoding.EncodeToString
		name = "|1|" + b64(salt) + "|" + b64(hashName(salt, name))
	}
	return name + " " + key.Type() + " " + base64.StdEncoding.EncodeToString(key.Marshal()) + "\n"
}

func lock(ctx context.Context, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, domain.NewError(domain.CodeDataFolder, "Make the data folder writable for you.", "create the lock folder: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	guard := flock.New(filepath.Join(dir, "known_hosts.lock"), flock.SetPermissions(0o600))
	if _, err := guard.TryLockContext(limited, lockRetry); err != nil {
		if ctx.Err() != nil {
			return nil, domain.NewError(domain.CodeClosed, "", "keeping a host key was given up: %w", context.Cause(ctx))
		}
		return nil, domain.NewError(domain.CodeKnownHosts, "Another vmorchestrator may hang; end it and try again.",
			"the lock for known_hosts in %s can't be taken: %w", dir, err)
	}
	return func() { _ = guard.Unlock() }, nil
}
