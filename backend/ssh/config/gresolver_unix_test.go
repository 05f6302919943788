//go:build unix

package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExpansionsThatSSHLeavesToItsReader(t *testing.T) {
	home := t.TempDir()
	file := put(t, filepath.Join(home, "config"), `Host web
  HostName %h.corp.example
  User deploy
  Port 2200
  IdentityFile ~/.ssh/%r@%h-%p-%n
  IdentityFile "~/my keys/id one"
  IdentityFile ${KEYS}/id
  IdentityFile ~/.ssh/100%%
  IdentityFile none
  CertificateFile %d/.ssh/%n.pub
  IdentityAgent $SOCK
  UserKnownHostsFile "/x/known hosts" /x/two
  GlobalKnownHostsFile /g/one /g/two
  ProxyCommand sh -c "nc %h %p" # ${KEYS} %% %r
  ConnectTimeout 2m
  StrictHostKeyChecking off
  HostKeyAlias Prod
Host quiet
  UserKnownHostsFile none
  IdentityAgent none
  ForwardAgent $SOCK
Host hop
  ProxyJump a@b:22,c
Host nohop
  ProxyJump none
`)
	r := &GResolver{ConfigFile: file, Home: "/home/me", Lookup: func(name string) (string, bool) {
		v, ok := map[string]string{"KEYS": "/keys", "SOCK": "/run/agent"}[name]
		return v, ok
	}}
	s, err := r.Resolve(context.Background(), domain.Target{Alias: "web"})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	check("keys", s.IdentityFiles, []string{"/home/me/.ssh/deploy@web.corp.example-2200-web", "/home/me/my keys/id one", "/keys/id", "/home/me/.ssh/100%"})
	check("certificates", s.CertificateFiles, []string{"/home/me/.ssh/web.pub"})
	check("agent", s.IdentityAgent, "/run/agent")
	check("known hosts", s.UserKnownHostsFiles, []string{"/x/known hosts", "/x/two"})
	check("global", s.GlobalKnownHostsFiles, []string{"/g/one", "/g/two"})
	check("proxy", s.ProxyCommand, `sh -c "nc web.corp.example 2200" # ${KEYS} % deploy`)
	check("strictness", s.StrictHostKeyChecking, "no")
	check("name", s.HostKeyName(), "prod")
	if s.ConnectTimeout != 2*time.Minute || s.Port != 2200 {
		t.Errorf("%v %d", s.ConnectTimeout, s.Port)
	}
	s, err = r.Resolve(context.Background(), domain.Target{Alias: "quiet", User: "bob", Port: 99})
	if err != nil || len(s.UserKnownHostsFiles) != 0 || s.IdentityAgent != "none" || s.ForwardAgent != "/run/agent" || s.User != "bob" || s.Port != 99 {
		t.Errorf("%+v %v", s, err)
	}
	s, err = r.Resolve(context.Background(), domain.Target{Alias: "hop"})
	if err != nil || !slices.Equal(s.ProxyJump, []string{"a@b:22", "c"}) {
		t.Errorf("%q %v", s.ProxyJump, err)
	}
	s, err = r.Resolve(context.Background(), domain.Target{Alias: "nohop"})
	if err != nil || len(s.ProxyJump) != 0 || s.ProxyCommand != "" {
		t.Errorf("%q %v", s.ProxyJump, err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	ok := put(t, filepath.Join(dir, "ok"), "Host *\n")
	bad := put(t, filepath.Join(dir, "bad"), "Host w\n  Port 99999\n")
	unset := put(t, filepath.Join(dir, "unset"), "Host w\n  IdentityFile ${NOT_SET_ANYWHERE}/x\n")
	token := put(t, filepath.Join(dir, "token"), "Host w\n  IdentityFile ~/%Z\n")
	ctx := context.Background()
	for name, c := range map[string]struct {
		r    GResolver
		t    domain.Target
		code domain.Code
		text string
	}{
		"option":        {GResolver{ConfigFile: ok}, domain.Target{Alias: "-oProxyCommand=touch /tmp/x"}, domain.CodeInvalid, "dash"},
		"user option":   {GResolver{ConfigFile: ok}, domain.Target{Host: "w", User: "-x"}, domain.CodeInvalid, "user"},
		"blank":         {GResolver{ConfigFile: ok}, domain.Target{Host: "a b"}, domain.CodeInvalid, "blanks"},
		"nothing":       {GResolver{ConfigFile: ok}, domain.Target{}, domain.CodeInvalid, "needed"},
		"no ssh":        {GResolver{ConfigFile: ok, SSHPath: filepath.Join(dir, "none")}, domain.Target{Host: "w"}, domain.CodeSSHMissing, "ssh"},
		"bad line":      {GResolver{ConfigFile: bad}, domain.Target{Host: "w"}, domain.CodeConfigInvalid, bad + " line 2"},
		"missing file":  {GResolver{ConfigFile: filepath.Join(dir, "gone")}, domain.Target{Host: "w"}, domain.CodeConfigInvalid, "No such file"},
		"unset":         {GResolver{ConfigFile: unset}, domain.Target{Host: "w"}, domain.CodeConfigInvalid, "NOT_SET_ANYWHERE"},
		"unknown token": {GResolver{ConfigFile: token, Home: dir}, domain.Target{Host: "w"}, domain.CodeConfigInvalid, "%Z"},
	} {
		_, err := c.r.Resolve(ctx, c.t)
		if domain.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v (%s)", name, err, domain.CodeOf(err))
		}
	}
	if _, err := os.Stat("/tmp/x"); err == nil {
		t.Error("the option was run")
	}
}

// A "Match exec" that hangs is killed with ssh, children and all.
func TestHangingMatchExecIsKilled(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "pid")
	file := put(t, filepath.Join(dir, "config"), "Match exec \"echo $$ > "+pidFile+"; sleep 3600\"\n  User x\n")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			if data, err := os.ReadFile(pidFile); err == nil && len(data) > 1 {
				cancel()
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	_, err := (&GResolver{ConfigFile: file}).Resolve(ctx, domain.Target{Host: "w"})
	if domain.CodeOf(err) != domain.CodeClosed {
		t.Fatal(err)
	}
	data, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if syscall.Kill(pid, 0) != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the command of Match exec still runs")
		}
	}
}

func TestFloodIsBounded(t *testing.T) {
	dir := t.TempDir()
	wrapper := filepath.Join(dir, "ssh")
	put(t, wrapper, "#!/bin/sh\nhead -c 50000000 /dev/zero\n")
	if err := os.Chmod(wrapper, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := (&GResolver{SSHPath: wrapper}).Resolve(context.Background(), domain.Target{Host: "w"})
	if domain.CodeOf(err) != domain.CodeConfigInvalid {
		t.Error(err)
	}
}

func TestListOfBadTrees(t *testing.T) {
	home := t.TempDir()
	ssh := filepath.Join(home, ".ssh")
	deep := func() string {
		for i := range 20 {
			put(t, filepath.Join(ssh, fmt.Sprint("deep", i)), fmt.Sprintf("Host d%d\nHost *\nInclude deep%d\n", i, i+1))
		}
		return "Include deep0\n"
	}()
	if err := syscall.Mkfifo(filepath.Join(ssh, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(ssh, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(ssh, "self"), "Host inself\nInclude self\n")
	config := put(t, filepath.Join(ssh, "config"), "\xef\xbb\xbfHost first\r\n\tHostName=\t1.2.3.4\r\nHost caf\xe9 -oProxyCommand=x two\r\nUser 'b\r\n"+
		"Host *\nInclude fifo folder missing self ~/.ssh/self\n"+deep+"Host last # x\n Port 77\nHost long\n User "+strings.Repeat("x", 1<<20)+"\n")
	hosts, files, problems, err := (&Lister{ConfigFile: config, Home: home}).List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range hosts {
		names = append(names, h.Alias)
	}
	for _, want := range []string{"first", "two", "inself", "d0", "d14", "last", "long"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %q", want, names)
		}
	}
	if slices.Contains(names, "d17") || hosts[0].Host != "1.2.3.4" {
		t.Errorf("%q %+v", names, hosts[0])
	}
	states := map[string]string{}
	for _, f := range files {
		states[filepath.Base(f.Path)] = f.State
	}
	if states["fifo"] != "unreadable" || states["folder"] != "unreadable" || states["missing"] != "missing" || states["config"] != "read" {
		t.Errorf("%v", states)
	}
	text := fmt.Sprint(problems)
	for _, want := range []string{"byte order mark", "not UTF-8", "can't be given to ssh", "quote is not closed", "comes back", "16 Includes"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not reported in %s", want, text)
		}
	}
	if _, files, _, err := (&Lister{ConfigFile: filepath.Join(home, "none"), Home: home}).List(context.Background()); err != nil || len(files) != 1 || files[0].State != "missing" {
		t.Errorf("%v %v", files, err)
	}
}

func FuzzList(f *testing.F) {
	files, _ := filepath.Glob("testdata/cases/*.conf")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		normal, _ := normalise(data)
		text := normal.text.String()
		if strings.Count(text, "\n") > strings.Count(string(data), "\n")+1 {
			t.Fatal("lines were made")
		}
		parsed, err := normal.blocks()
		if err != nil {
			t.Fatalf("normalised text can't be parsed: %v\n%s", err, text)
		}
		for _, b := range parsed {
			for _, n := range b.nodes {
				if len(n.words) == 0 || n.line == 0 {
					t.Fatalf("%+v", n)
				}
			}
		}
	})
}
