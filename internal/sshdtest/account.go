package sshdtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// accountPrefix begins the name of every account that the harness makes.
const accountPrefix = "vmotest"

// Logins are the accounts that a server on this computer can log in: as root an unprivileged one and root, else the
// person who runs the tests.
func Logins() []string {
	name, err := defaultUser()
	if err != nil {
		return nil
	}
	if os.Geteuid() == 0 {
		return []string{name, "root"}
	}
	return []string{name}
}

func defaultUser() (string, error) {
	if os.Geteuid() == 0 {
		return Account("/bin/bash")
	}
	me, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("who am I: %w", err)
	}
	return me.Username, nil
}

// Account is an unprivileged account with the given login shell, made if it is missing. Its password field is "*":
// no password fits, yet the account isn't locked, so keys are taken. Only root can make one.
func Account(shell string) (string, error) {
	name := accountPrefix
	if shell != "/bin/bash" {
		name += "-" + strings.NewReplacer("/", "", ".", "").Replace(filepath.Base(shell))
	}
	if found, err := user.Lookup(name); err == nil {
		return name, os.MkdirAll(found.HomeDir, 0o755)
	}
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("an account with the login shell %s can only be made by root", shell)
	}
	if _, err := os.Stat(shell); err != nil {
		return "", fmt.Errorf("login shell: %w", err)
	}
	out, err := exec.Command("/usr/sbin/useradd", "-m", "-s", shell, "-p", "*", name).CombinedOutput()
	if err != nil {
		// Another test process may have made it at the same moment.
		if _, again := user.Lookup(name); again == nil {
			return name, nil
		}
		return "", fmt.Errorf("useradd %s: %w: %s", name, err, out)
	}
	return name, nil
}

// HomeOf is an account's home folder.
func HomeOf(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}

func setPassword(name, password string) error {
	if !strings.HasPrefix(name, accountPrefix) {
		return fmt.Errorf("the password of %s isn't the harness's to set", name)
	}
	cmd := exec.Command("/usr/sbin/chpasswd", "-c", "SHA512")
	cmd.Stdin = strings.NewReader(name + ":" + password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chpasswd %s: %w: %s", name, err, out)
	}
	return nil
}

// AllowSudo lets a test account become root by `sudo -n` until the test ends. It reports false where sudo isn't
// installed, or where the test can't permit it, not being root.
func AllowSudo(t testing.TB, name string) bool {
	t.Helper()
	return sudoRule(t, name, "NOPASSWD: ALL")
}

// AllowSudoByPassword lets a test account become root by sudo and its password until the test ends. As AllowSudo, it
// reports false where that can't be. No other test may use AllowSudo for the same account.
func AllowSudoByPassword(t testing.TB, name string) bool {
	t.Helper()
	return sudoRule(t, name, "PASSWD: ALL")
}

// AllowSudoOf is AllowSudo for one program alone.
func AllowSudoOf(t testing.TB, name, program string) bool {
	t.Helper()
	return sudoRule(t, name, "NOPASSWD: "+program)
}

func sudoRule(t testing.TB, name, what string) bool {
	t.Helper()
	if _, err := exec.LookPath("sudo"); err != nil || os.Geteuid() != 0 || !strings.HasPrefix(name, accountPrefix) {
		return false
	}
	// A rule of its own for each test: another one may end before this.
	rule, err := os.CreateTemp("/etc/sudoers.d", name+"-")
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	t.Cleanup(func() { os.Remove(rule.Name()) })
	_, err = rule.WriteString(name + " ALL=(ALL) " + what + "\n")
	if err := errors.Join(err, rule.Chmod(0o440), rule.Close()); err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	return true
}
