//go:build unix

package config

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

var bg = context.Background()

// script makes a program that stands for ssh.
func script(t testing.TB, dir, text string) string {
	t.Helper()
	path := put(t, filepath.Join(dir, "ssh"), "#!/bin/sh\n"+text)
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every value is told with its place; defaults have none, and what the target says is Given.
func TestExplainTellsWhereFrom(t *testing.T) {
	dir := t.TempDir()
	inc := put(t, filepath.Join(dir, "inc"), "IdentityFile ~/.ssh/two\nPort 99\n")
	file := put(t, filepath.Join(dir, "config"), "Host web\n  User deploy\n  IdentityFile ~/.ssh/one\n  Include "+inc+"\nHost *\n  User other\n  HostName %h.example\n  ProxyCommand nc %h %p\n")
	r := &Resolver{ConfigFile: file, Home: "/home/me"}
	x, err := r.Explain(bg, domain.Target{Alias: "web", Port: 7})
	if err != nil || x.Source != SourceOwn || x.Reason != "" {
		t.Fatalf("%+v %v", x, err)
	}
	for name, want := range map[string][]Origin{
		"user": {{File: file, Line: 2}}, "hostname": {{File: file, Line: 7}}, "port": {{Given: true}},
		"identityfile": {{File: file, Line: 3}, {File: inc, Line: 1}}, "compression": {{}}, "proxycommand": {{File: file, Line: 8}},
	} {
		if !slices.Equal(x.Origins[name], want) {
			t.Errorf("%s: %v, want %v", name, x.Origins[name], want)
		}
	}
	if x.Settings["identityfile"][1] != "~/.ssh/two" || x.Expanded["identityfile"][1] != "/home/me/.ssh/two" ||
		x.Expanded["proxycommand"][0] != "nc web.example 7" {
		t.Errorf("%v %v", x.Settings["identityfile"], x.Expanded)
	}
}

// What ssh was asked about says so, with the place, and names only the origins that are beyond doubt.
func TestHandedOverIsAnsweredBySSH(t *testing.T) {
	dir := t.TempDir()
	file := put(t, filepath.Join(dir, "config"), "Host db\n  User never\nHost web\n  HostName 10.0.0.9\n  Port 2222\nMatch exec \"true\"\n  User fromexec\n")
	r := &Resolver{ConfigFile: file}
	x, err := r.Explain(bg, domain.Target{Alias: "web"})
	if err != nil || x.Source != SourceSSH || x.Reason != "Match exec at "+file+":6" {
		t.Fatalf("%+v %v", x, err)
	}
	if one(x.Settings, "user") != "fromexec" || !slices.Equal(x.Origins["port"], []Origin{{File: file, Line: 5}}) ||
		!slices.Equal(x.Origins["hostname"], []Origin{{File: file, Line: 4}}) || x.Origins["user"] != nil || x.Origins["compression"] != nil {
		t.Errorf("%v %v", x.Settings["user"], x.Origins)
	}
	s, err := r.Resolve(bg, domain.Target{Alias: "web"})
	if err != nil || s.User != "fromexec" || s.HostName != "10.0.0.9" {
		t.Errorf("%+v %v", s, err)
	}
}

// ssh's own complaint, with its file and line, is what a person reads of a bad file.
func TestRefusedFileKeepsTheWordsOfSSH(t *testing.T) {
	file := put(t, filepath.Join(t.TempDir(), "config"), "Host other\n  Port 99999\n")
	_, err := (&Resolver{ConfigFile: file}).Resolve(bg, domain.Target{Alias: "web"})
	if domain.CodeOf(err) != domain.CodeConfigInvalid || !strings.Contains(err.Error(), file+" line 2") {
		t.Error(err)
	}
}

// Without an ssh the proven hosts are answered, and the others refused with the reason.
func TestWithoutSSH(t *testing.T) {
	dir := t.TempDir()
	file := put(t, filepath.Join(dir, "config"), "IgnoreUnknown UseKeychain\nUseKeychain yes\nHost plain\n  User u\n  HostName plain.example\nMatch host odd exec \"touch "+dir+"/ran\"\n  Port 5\n")
	r := &Resolver{ConfigFile: file, SSHPath: filepath.Join(dir, "none"), Home: "/home/me"}
	s, err := r.Resolve(bg, domain.Target{Alias: "plain"})
	if err != nil || s.User != "u" || s.HostName != "plain.example" || s.Port != 22 || len(s.KexAlgorithms) == 0 ||
		!slices.Equal(s.UserKnownHostsFiles, []string{"/home/me/.ssh/known_hosts", "/home/me/.ssh/known_hosts2"}) ||
		!slices.Contains(s.IdentityFiles, "/home/me/.ssh/id_ed25519") || s.StrictHostKeyChecking != "ask" {
		t.Errorf("%+v %v", s, err)
	}
	_, err = r.Resolve(bg, domain.Target{Alias: "odd"})
	if domain.CodeOf(err) != domain.CodeSSHMissing || !strings.Contains(err.Error(), "Match exec at "+file+":6") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the command was run")
	}
	if differing, err := r.Check(bg, domain.Target{Alias: "plain"}); err != nil || differing != nil {
		t.Error(differing, err)
	}
}

// An ssh from before the rules that are followed here is asked every time.
func TestOldSSHIsAsked(t *testing.T) {
	dir := t.TempDir()
	r := &Resolver{ConfigFile: put(t, filepath.Join(dir, "config"), "User u\n"), SSHPath: script(t, dir, `ssh "$@" | grep -v requiredrsasize`)}
	x, err := r.Explain(bg, domain.Target{Alias: "web"})
	if err != nil || x.Source != SourceSSH || !strings.Contains(x.Reason, "older") || one(x.Settings, "user") != "u" {
		t.Errorf("%+v %v", x, err)
	}
}

// A change shows in the next answer: of the time, of the size, or of the file that stands under the name.
func TestChangedFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	inc := put(t, filepath.Join(dir, "d", "inc"), "User one\n")
	r := &Resolver{ConfigFile: put(t, filepath.Join(dir, "config"), "Include "+dir+"/d/*\n")}
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	expect := func(want string) {
		t.Helper()
		for range 2 {
			s, err := r.Resolve(bg, domain.Target{Alias: "web"})
			if err != nil || s.User != want {
				t.Fatalf("%q, want %q (%v)", s.User, want, err)
			}
		}
	}
	old := func(path string, age time.Duration) {
		t.Helper()
		if err := os.Chtimes(path, past.Add(-age), past.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	old(inc, 0)
	expect("one")
	put(t, inc, "User two\n") // same size, other time
	old(inc, time.Minute)
	expect("two")
	put(t, filepath.Join(dir, "new"), "User red\n") // same size and time, other file
	old(filepath.Join(dir, "new"), time.Minute)
	if err := os.Rename(filepath.Join(dir, "new"), inc); err != nil {
		t.Fatal(err)
	}
	expect("red")
	put(t, inc, "User six\n") // written at once after it was read: the same size, and maybe the same tick
	expect("six")
	put(t, inc, "User ten\n")
	expect("ten")
	put(t, filepath.Join(dir, "d", "aaa"), "User first\n") // a new file under the pattern
	expect("first")
	put(t, filepath.Join(dir, "d", ".hidden"), "User hidden\n") // not under it, for ssh
	if err := os.Remove(filepath.Join(dir, "d", "aaa")); err != nil {
		t.Fatal(err)
	}
	expect("ten")
}

// While files are replaced, every answer is that of one state.
func TestReplacedWhileRead(t *testing.T) {
	dir := t.TempDir()
	text := func(name string) string {
		return "User " + name + "\n" + strings.Repeat("# "+name+"\n", 20_000) + "ProxyCommand " + name + "\n"
	}
	file := put(t, filepath.Join(dir, "config"), text("first"))
	r := &Resolver{ConfigFile: file}
	if _, err := r.Resolve(bg, domain.Target{Alias: "web"}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			next := put(t, filepath.Join(dir, "next"), text([]string{"other", "first"}[i%2]))
			if err := os.Rename(next, file); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		readers.Go(func() {
			for range 20 {
				a, err := r.own(bg, domain.Target{Alias: "web"})
				if err != nil {
					continue // it never stood still: ssh is asked
				}
				if one(a.values, "user") != one(a.values, "proxycommand") {
					t.Errorf("%v %v", a.values["user"], a.values["proxycommand"])
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
}

// Check finds a difference, says which keyword, logs it, and from then on ssh has the last word.
func TestCheckFindsADifference(t *testing.T) {
	dir := t.TempDir()
	var logged bytes.Buffer
	r := &Resolver{
		ConfigFile: put(t, filepath.Join(dir, "config"), "User u\nPort 22\n"),
		SSHPath:    script(t, dir, `case "$*" in *probe.invalid*) exec ssh "$@";; esac; ssh "$@" | sed 's/^port .*/port 2/'`),
		Log:        slog.New(slog.NewTextHandler(&logged, nil)),
	}
	target := domain.Target{Alias: "web"}
	if s, err := r.Resolve(bg, target); err != nil || s.Port != 22 {
		t.Fatalf("%+v %v", s, err)
	}
	for range 2 {
		differing, err := r.Check(bg, target)
		if err != nil || !slices.Equal(differing, []string{"port"}) {
			t.Fatalf("%v %v", differing, err)
		}
	}
	if !strings.Contains(logged.String(), "keywords=port") || strings.Count(logged.String(), "\n") != 1 {
		t.Errorf("%q", logged.String())
	}
	x, err := r.Explain(bg, target)
	if err != nil || x.Source != SourceSSH || one(x.Settings, "port") != "2" {
		t.Errorf("%+v %v", x, err)
	}
	if x, err := r.Explain(bg, domain.Target{Alias: "other"}); err != nil || x.Source != SourceOwn {
		t.Errorf("%+v %v", x, err)
	}
}

// Check asks once per change, and never about a host whose "Match exec" it would run.
func TestCheckAsksOnce(t *testing.T) {
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	file := put(t, filepath.Join(dir, "config"), "User u\n")
	r := &Resolver{ConfigFile: file, SSHPath: script(t, dir, `case "$*" in *probe.invalid*) ;; *) echo >> `+calls+`;; esac; exec ssh "$@"`)}
	asked := func(want int) {
		t.Helper()
		for range 3 {
			if differing, err := r.Check(bg, domain.Target{Alias: "web"}); err != nil || differing != nil {
				t.Fatalf("%v %v", differing, err)
			}
		}
		if data, _ := os.ReadFile(calls); len(data) != want {
			t.Fatalf("asked %d times, want %d", len(data), want)
		}
	}
	asked(1)
	put(t, file, "User other\n")
	asked(2)
	put(t, file, "Match exec \"touch "+dir+"/ran\"\nUser other\n")
	asked(2)
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the command was run")
	}
}

// The account's own files are read as ssh reads them without -F.
func TestDefaultFiles(t *testing.T) {
	for _, dest := range []string{"web", "localhost", "github.com"} {
		mine, why := compare(t, &Resolver{}, domain.Target{Alias: dest})
		t.Logf("%s: own %v (%v)", dest, mine, why)
	}
}

// Bad files: nothing hangs, and what isn't certain is ssh's.
func TestOwnOnBadFiles(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	open := put(t, filepath.Join(dir, "open"), "User open\n")
	if err := os.Chmod(open, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for i := range 18 {
		put(t, filepath.Join(dir, "deep", string(rune('a'+i))), "Include "+dir+"/deep/"+string(rune('b'+i))+"\n")
	}
	self := put(t, filepath.Join(dir, "self"), "Include "+dir+"/self\n")
	for name, c := range map[string]struct {
		text string
		mine bool
	}{
		"pipe":             {"Include " + fifo + "\n", false},
		"others may write": {"Include " + open + "\n", false},
		"dangling":         {"Include " + dir + "/dangling\n", false},
		"depth 16":         {"Include " + dir + "/deep/c\n", true},
		"depth 17":         {"Include " + dir + "/deep/a\n", false},
		"loop":             {"Include " + self + "\n", false},
		"folder":           {"Include " + dir + "/deep\nUser u\n", true},
		"through a file":   {"Include /etc/passwd/x\nUser u\n", false},
		"long line":        {"SetEnv A=" + strings.Repeat("x", 1<<20) + "\nUser u\n", true},
		"long comment":     {"#" + strings.Repeat("x", 1<<20) + "\nUser u\n", true},
		"byte order mark":  {"\xef\xbb\xbfUser u\n", false},
		"NUL":              {"User a\x00 b c\n", true},
		"Latin-1":          {"# caf\xe9\nUser b\xe9b\n", true},
		"kelvin sign":      {"Chec\u212aHostIP yes\n", false},
		"no newline":       {"User u", true},
		"only a form feed": {"\f\nUser u\n", false},
		"empty":            {"", true},
		"match nothing":    {"Match\nUser u\n", false},
		"unknown match":    {"Match localnetwork 10.0.0.0/8\nUser u\n", false},
		"skipped exec":     {"Match host other exec \"touch " + dir + "/ran\"\nUser u\n", true},
		"odd token":        {"Match host other exec \"x %Z\"\nUser u\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Resolver{ConfigFile: put(t, filepath.Join(dir, "config"), c.text)}
			if name == "pipe" { // ssh waits for a writer, and is stopped
				_, err := r.own(bg, domain.Target{Alias: "web"})
				ctx, cancel := context.WithTimeout(bg, 100*time.Millisecond)
				defer cancel()
				if _, gaveUp := r.Resolve(ctx, domain.Target{Alias: "web"}); !strings.Contains(err.Error(), fifo) || domain.CodeOf(gaveUp) != domain.CodeClosed {
					t.Error(err, gaveUp)
				}
				return
			}
			if mine, why := compare(t, r, domain.Target{Alias: "web"}); mine != c.mine {
				t.Errorf("own answered: %v (%v)", mine, why)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a command was run")
	}
	for _, file := range []string{os.DevNull, "none", filepath.Join(dir, "gone"), dir} {
		_, err := (&Resolver{ConfigFile: file}).Resolve(bg, domain.Target{Alias: "web"})
		bad := file == filepath.Join(dir, "gone")
		if bad != (err != nil) || (bad && domain.CodeOf(err) != domain.CodeConfigInvalid) {
			t.Errorf("%s: %v", file, err)
		}
	}
	t.Setenv("SSHT_KEY", "/keys")
	t.Setenv("SSHT_SOCK", "/sock")
	if mine, why := compare(t, &Resolver{ConfigFile: "testdata/cases/33-env-in-paths.conf"}, domain.Target{Alias: "web"}); !mine {
		t.Error(why)
	}
}

// Relative Includes are of the person's .ssh, "~" of the home folder, and nobody else may write these files. This is
// seen without an ssh, because with one the account's own home would be meant.
func TestIncludesOfTheHomeFolder(t *testing.T) {
	home := t.TempDir()
	put(t, filepath.Join(home, ".ssh", "config"), "Include conf.d/*.conf\nInclude ~/more\nHost *\n  Port 9\n")
	put(t, filepath.Join(home, ".ssh", "conf.d", "20.conf"), "User second\n")
	put(t, filepath.Join(home, ".ssh", "conf.d", "10.conf"), "Host other\nUser first\n")
	more := put(t, filepath.Join(home, "more"), "HostName more.example\n")
	r := &Resolver{Home: home, SSHPath: filepath.Join(home, "none")}
	s, err := r.Resolve(bg, domain.Target{Alias: "web"})
	if err != nil || s.User != "second" || s.HostName != "more.example" || s.Port != 9 {
		t.Errorf("%s@%s:%d %v", s.User, s.HostName, s.Port, err)
	}
	for _, path := range []string{more, filepath.Join(home, ".ssh", "config")} {
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Resolve(bg, domain.Target{Alias: "web"}); domain.CodeOf(err) != domain.CodeSSHMissing || !strings.Contains(err.Error(), path+" can be written by others") {
			t.Error(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// ssh takes "~" from the account, and so works without HOME; an app started by a desktop may have none.
func TestHomeUnset(t *testing.T) {
	t.Setenv("HOME", "") // so that it comes back afterwards
	if err := os.Unsetenv("HOME"); err != nil {
		t.Fatal(err)
	}
	r := &Resolver{ConfigFile: put(t, filepath.Join(t.TempDir(), "config"), "Include ~/vmo-not-there\nIdentityFile ~/x\n")}
	if mine, why := compare(t, r, domain.Target{Alias: "web"}); !mine {
		t.Error(why)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Resolve(bg, domain.Target{Alias: "web"})
	if want := filepath.Join(me.HomeDir, "x"); err != nil || len(s.IdentityFiles) != 1 || s.IdentityFiles[0] != want {
		t.Errorf("%q, %v; want %q", s.IdentityFiles, err, want)
	}
}
