package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// authServer is a server of which a test decides how it lets in; it has no shell.
func authServer(t *testing.T, conf *gossh.ServerConfig) *sshdtest.Server {
	t.Helper()
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	conf.AddHostKey(key.Signer)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wait.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, raw)
			mu.Unlock()
			wait.Go(func() {
				defer raw.Close()
				_, chans, reqs, err := gossh.NewServerConn(raw, conf)
				if err != nil {
					return
				}
				wait.Go(func() { gossh.DiscardRequests(reqs) })
				for c := range chans {
					_ = c.Reject(gossh.Prohibited, "no shell")
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, raw := range open {
			raw.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return &sshdtest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "somebody", HostKeys: []sshdtest.Key{key}}
}

// authHome knows the server and has no key to offer unless lines name one.
func authHome(t *testing.T, s *sshdtest.Server, lines ...string) *sshdtest.Home {
	t.Helper()
	home := sshdtest.NewHome(t)
	home.Key.Path = "none"
	home.Host("box", s, lines...)
	home.Trust(s)
	return home
}

// connect logs in at "box" and runs nothing there.
func connect(t *testing.T, c *Client) error {
	t.Helper()
	way, err := c.routeTo(within(t), alias("box"))
	if err != nil {
		return err
	}
	cn, err := c.pool.acquire(within(t), way, way, need{})
	if err == nil {
		c.pool.release(cn, need{})
	}
	return err
}

// hangUp has the next login make a new connection.
func hangUp(c *Client) {
	c.pool.closeAll()
	c.pool = newPool(c)
}

func asking(t *testing.T, home *sshdtest.Home, secrets ...string) (*Client, *script) {
	t.Helper()
	s := &script{}
	for _, one := range secrets {
		s.answers = append(s.answers, domain.PromptAnswer{Accept: true, Secret: one})
	}
	return newClient(t, home, func(o *Options) { o.Prompter = s }), s
}

func brief(asked []domain.Prompt) string {
	var lines []string
	for _, p := range asked {
		lines = append(lines, fmt.Sprintf("%s %q said=%q echo=%t attempt=%d", p.Kind, p.Question, p.Said, p.Echo, p.Attempt))
	}
	return strings.Join(lines, "\n")
}

var errNo = errors.New("no")

// Several rounds, one without a question, echo as the server says.
func TestKeyboardInteractiveRounds(t *testing.T) {
	srv := authServer(t, &gossh.ServerConfig{
		KeyboardInteractiveCallback: func(_ gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			first, err := ask("", "Two steps.", []string{"Token: ", "Colour: "}, []bool{false, true})
			if err != nil || !slices.Equal(first, []string{"123", "green"}) {
				return nil, errNo
			}
			if none, err := ask("", "Wait.", nil, nil); err != nil || len(none) != 0 {
				return nil, errNo
			}
			second, err := ask("", "", []string{"Pet: "}, []bool{true})
			if err != nil || second[0] != "cat" {
				return nil, errNo
			}
			// PAM ends with a round without questions.
			_, err = ask("", "", nil, nil)
			return nil, err
		},
	})
	c, asked := asking(t, authHome(t, srv), "123", "green", "cat")
	if err := connect(t, c); err != nil {
		t.Fatalf("login: %v (%s)", err, detailsOf(err))
	}
	want := `question "Token:" said="Two steps." echo=false attempt=1
question "Colour:" said="" echo=true attempt=1
question "Pet:" said="" echo=true attempt=1`
	if got := brief(asked.asked); got != want {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
}

// asksFor is a server that takes one answer by keyboard-interactive and one password.
func asksFor(t *testing.T, answer, password string, lines ...string) (*sshdtest.Home, *[]string) {
	t.Helper()
	var tried []string // by the server's one connection at a time
	srv := authServer(t, &gossh.ServerConfig{
		MaxAuthTries:      20,
		PublicKeyCallback: func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) { return nil, errNo },
		KeyboardInteractiveCallback: func(_ gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			got, err := ask("", "", []string{"Code: "}, []bool{false})
			if err != nil {
				return nil, err
			}
			tried = append(tried, "code "+got[0])
			if got[0] != answer {
				return nil, errNo
			}
			return nil, nil
		},
		PasswordCallback: func(_ gossh.ConnMetadata, got []byte) (*gossh.Permissions, error) {
			tried = append(tried, "password "+string(got))
			if string(got) != password {
				return nil, errNo
			}
			return nil, nil
		},
	})
	return authHome(t, srv, lines...), &tried
}

func TestQuestionsUpToNumberOfPasswordPrompts(t *testing.T) {
	for name, tc := range map[string]struct {
		lines   []string
		secrets []string
		tried   string
		ok      bool
		attempt int // of the last question
	}{
		"right":               {nil, []string{"1"}, "code 1", true, 1},
		"third time right":    {nil, []string{"a", "b", "1"}, "code a, code b, code 1", true, 3},
		"then the password":   {nil, []string{"a", "b", "c", "d", "2"}, "code a, code b, code c, password d, password 2", true, 2},
		"all wrong":           {nil, []string{"a", "b", "c", "d", "e", "f", "2"}, "code a, code b, code c, password d, password e, password f", false, 3},
		"one prompt":          {[]string{"NumberOfPasswordPrompts 1"}, []string{"a", "2"}, "code a, password 2", true, 1},
		"password first":      {[]string{"PreferredAuthentications password,keyboard-interactive", "NumberOfPasswordPrompts 1"}, []string{"x", "1"}, "password x, code 1", true, 1},
		"password alone":      {[]string{"PreferredAuthentications password"}, []string{"2"}, "password 2", true, 1},
		"unknown ways first":  {[]string{"PreferredAuthentications gssapi-with-mic,hostbased,password,password"}, []string{"2"}, "password 2", true, 1},
		"kbd switched off":    {[]string{"KbdInteractiveAuthentication no"}, []string{"2"}, "password 2", true, 1},
		"both switched off":   {[]string{"KbdInteractiveAuthentication no", "PasswordAuthentication no"}, nil, "", false, 0},
		"only keys preferred": {[]string{"PreferredAuthentications publickey"}, nil, "", false, 0},
		"BatchMode asks not":  {[]string{"BatchMode yes"}, []string{"1"}, "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			home, tried := asksFor(t, "1", "2", tc.lines...)
			c, asked := asking(t, home, tc.secrets...)
			err := connect(t, c)
			if (err == nil) != tc.ok {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
			if err != nil && domain.AsError(err).Hint == "" {
				t.Errorf("%v has no next step", err)
			}
			if got := strings.Join(*tried, ", "); got != tc.tried {
				t.Errorf("the server saw %q, want %q", got, tc.tried)
			}
			if n := len(asked.asked); n > 0 && asked.asked[n-1].Attempt != tc.attempt || n == 0 && tc.attempt > 0 {
				t.Errorf("asked\n%s\nwant attempt %d last", brief(asked.asked), tc.attempt)
			}
		})
	}
}

// Who presses Cancel isn't asked by another name.
func TestCancelEndsTheQuestions(t *testing.T) {
	home, tried := asksFor(t, "1", "2")
	asked := &script{answers: []domain.PromptAnswer{{}, {Accept: true, Secret: "2"}}}
	want(t, connect(t, newClient(t, home, func(o *Options) { o.Prompter = asked })), domain.CodeAuth, "wasn't answered")
	if len(asked.asked) != 1 || len(*tried) > 0 {
		t.Errorf("asked\n%s\nthe server saw %v", brief(asked.asked), *tried)
	}
}

// What is wrong with a key isn't all that is said to somebody who gave passwords, and is all to nobody.
func TestKeyProblemBesidesAnswers(t *testing.T) {
	home, _ := asksFor(t, "1", "2", "NumberOfPasswordPrompts 1")
	key := generated(t, "", "-t", "ed25519")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	rewrite(t, home.ConfigFile, func(s string) string { return strings.Replace(s, "IdentityFile none", "IdentityFile "+key, 1) })
	c, _ := asking(t, home, "a", "b")
	want(t, connect(t, c), domain.CodeAuth, "answers", "chmod 600")
	want(t, connect(t, newClient(t, home)), domain.CodeKeyUnusable, "chmod 600")
}

// stuck is a person who has gone for lunch. A question that was begun is told of.
type stuck struct{ began chan domain.Prompt }

func (s stuck) Ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	s.began <- p
	<-ctx.Done()
	return domain.PromptAnswer{}, ctx.Err()
}

// Logins wait for each other's question; one that is stopped meanwhile is stopped at once.
func TestStopWhileAnotherLoginIsAsked(t *testing.T) {
	locked := generated(t, "secret", "-t", "ed25519")
	for name, homeOf := range map[string]func() *sshdtest.Home{
		"password": func() *sshdtest.Home { h, _ := asksFor(t, "1", "2", "KbdInteractiveAuthentication no"); return h },
		"passphrase": func() *sshdtest.Home {
			srv := sshdtest.Start(t, sshdtest.Options{})
			authorize(t, srv, locked)
			return keyHome(t, srv, locked)
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := stuck{began: make(chan domain.Prompt, 2)}
			c := newClient(t, homeOf(), prompting(asked))
			way, err := c.routeTo(within(t), alias("box"))
			if err != nil {
				t.Fatal(err)
			}
			start := func() (cancel func(), ended chan error) {
				ctx, cancel := context.WithCancel(within(t))
				ended = make(chan error, 1)
				go func() {
					_, _, err := c.login(ctx, way, way, nil, asked)
					ended <- err
				}()
				return cancel, ended
			}
			cancelFirst, first := start()
			<-asked.began
			cancelSecond, second := start()
			eventually(t, "the second login waits for its turn", 5*time.Second, func() bool {
				stacks := make([]byte, 1<<20)
				return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "(*memory).turn")
			})
			cancelSecond()
			select {
			case err := <-second:
				if domain.CodeOf(err) != domain.CodeClosed {
					t.Errorf("error %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("the second login hangs on the question of the first")
			}
			cancelFirst()
			if err := <-first; domain.CodeOf(err) != domain.CodeClosed {
				t.Errorf("the first login: %v", err)
			}
		})
	}
}

func TestNobodyToAsk(t *testing.T) {
	home, _ := asksFor(t, "1", "2")
	want(t, connect(t, newClient(t, home)), domain.CodePromptNeeded, "ssh-copy-id")
}

// A server may refuse keyboard-interactive before it asks anything (sshd without PAM does).
func TestKeyboardInteractiveRefusedAtOnce(t *testing.T) {
	conf := func(password func(gossh.ConnMetadata, []byte) (*gossh.Permissions, error)) *gossh.ServerConfig {
		return &gossh.ServerConfig{
			PasswordCallback: password,
			KeyboardInteractiveCallback: func(gossh.ConnMetadata, gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
				return nil, errNo
			},
		}
	}
	right := func(_ gossh.ConnMetadata, got []byte) (*gossh.Permissions, error) {
		if string(got) != "2" {
			return nil, errNo
		}
		return nil, nil
	}
	c, _ := asking(t, authHome(t, authServer(t, conf(right))), "2")
	if err := connect(t, c); err != nil {
		t.Errorf("the password isn't tried: %v (%s)", err, detailsOf(err))
	}
	c, _ = asking(t, authHome(t, authServer(t, conf(nil))), "2")
	want(t, connect(t, c), domain.CodeAuth)
}

// A password by whatever method is asked once: the next connection takes it from memory, and a code never does.
func TestPasswordIsRememberedAndACodeIsNot(t *testing.T) {
	for question, asks := range map[string]int{"Password: ": 1, "One-time password: ": 2} {
		t.Run(question, func(t *testing.T) {
			srv := authServer(t, &gossh.ServerConfig{
				KeyboardInteractiveCallback: func(_ gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
					got, err := ask("", "", []string{question}, []bool{false})
					if err != nil || got[0] != "1" {
						return nil, errNo
					}
					return nil, nil
				},
			})
			c, asked := asking(t, authHome(t, srv), "1", "1")
			for range 2 {
				if err := connect(t, c); err != nil {
					t.Fatalf("login: %v", err)
				}
				hangUp(c)
			}
			if len(asked.asked) != asks {
				t.Errorf("asked\n%s", brief(asked.asked))
			}
		})
	}
}

// A password that was refused to the end isn't tried at the next connection: it would cost a try, and an account is
// locked after some.
func TestWrongPasswordIsForgotten(t *testing.T) {
	home, tried := asksFor(t, "1", "2", "PreferredAuthentications password", "NumberOfPasswordPrompts 1")
	c, asked := asking(t, home, "wrong", "2")
	want(t, connect(t, c), domain.CodeAuth)
	if err := connect(t, c); err != nil {
		t.Errorf("login: %v", err)
	}
	if got := strings.Join(*tried, ", "); got != "password wrong, password 2" || len(asked.asked) != 2 {
		t.Errorf("the server saw %q; asked\n%s", got, brief(asked.asked))
	}
}

// The real PAM: a wrong password by keyboard-interactive, then the right one.
func TestKeyboardInteractiveOfPAM(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can give an account a password
	}
	srv := sshdtest.Start(t, sshdtest.Options{Shell: "/bin/dash", Password: "open sesame",
		Lines: []string{"UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no"}})
	c, asked := asking(t, authHome(t, srv), "no", "open sesame")
	if err := login(t, c); err != nil {
		t.Fatalf("login: %v (%s)", err, detailsOf(err))
	}
	if len(asked.asked) != 2 || asked.asked[0].Echo || asked.asked[1].Attempt != 2 {
		t.Errorf("asked\n%s", brief(asked.asked))
	}
}

// A password is remembered for the machine that was seen to be there, not for whatever answers at its address.
func TestPasswordStaysWithItsMachine(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	var known bytes.Buffer
	home := sshdtest.NewHome(t)
	for _, name := range []string{"box", "other"} {
		s := authServer(t, &gossh.ServerConfig{PasswordCallback: func(_ gossh.ConnMetadata, p []byte) (*gossh.Permissions, error) {
			mu.Lock()
			defer mu.Unlock()
			got[name] = string(p)
			return nil, nil
		}})
		home.AppendConfig(fmt.Sprintf("Host %s\n  HostName 10.9.9.9\n  User root\n  HostKeyAlias %s\n  IdentityFile none\n  IdentityAgent none\n"+
			"  UserKnownHostsFile %s\n  ProxyCommand bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d; cat <&3 & cat >&3'\n", name, name, home.KnownHosts, s.Port))
		fmt.Fprintf(&known, "%s %s", name, gossh.MarshalAuthorizedKey(s.HostKeys[0].Public))
	}
	if err := os.WriteFile(home.KnownHosts, known.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, asked := asking(t, home, "for-box", "for-other")
	for _, name := range []string{"box", "other", "box"} {
		way, err := c.routeTo(within(t), alias(name))
		if err != nil {
			t.Fatal(err)
		}
		cn, err := c.pool.acquire(within(t), way, way, need{})
		if err != nil {
			t.Fatal(name, err, domain.AsError(err).Details)
		}
		c.pool.release(cn, need{})
		hangUp(c)
	}
	if got["box"] != "for-box" || got["other"] != "for-other" || len(asked.asked) != 2 {
		t.Errorf("the machines were told %v, the person was asked %d times", got, len(asked.asked))
	}
	if p := asked.asked; p[0].Fingerprint == "" || p[0].Fingerprint == p[1].Fingerprint {
		t.Errorf("fingerprints %q and %q", p[0].Fingerprint, p[1].Fingerprint)
	}
}

// A server that asks for ever is left, and each time after the first it is known that the answer before was wrong.
func TestQuestionsWithoutEnd(t *testing.T) {
	rounds := 0
	s := authServer(t, &gossh.ServerConfig{
		KeyboardInteractiveCallback: func(_ gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			for {
				if _, err := ask("", "\x1b]0;x\x07Type\nit again\u202e", []string{"Password: "}, []bool{false}); err != nil {
					return nil, err
				}
				rounds++
			}
		},
	})
	c, asked := asking(t, authHome(t, s), slices.Repeat([]string{"wrong"}, 100)...)
	if err := connect(t, c); domain.CodeOf(err) != domain.CodeAuth {
		t.Errorf("%v", err)
	}
	if rounds < 3 || rounds > maxRounds {
		t.Errorf("%d rounds", rounds)
	}
	for i, p := range asked.asked {
		if p.Attempt != i+1 || p.Said != "�]0;x�Type it again�" {
			t.Errorf("question %d: attempt %d, said %q", i, p.Attempt, p.Said)
			break
		}
	}
}
