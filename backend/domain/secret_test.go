package domain

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestHiddenNeverPrints(t *testing.T) {
	const secret = "hunter2"
	s := Secrets{Env: []Secret{{Name: "X", Value: Hidden(secret)}}, Stdin: Hidden(secret)}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secrets", s, "stdin", s.Stdin)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secrets", s, "stdin", s.Stdin)
	shown := string(text) + log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %d %v", s, s, s, s.Stdin, s.Stdin, s.Stdin, s.Stdin, &s)
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), "aHVudGVyMg", "104 117 110 116"} {
		if strings.Contains(shown, form) {
			t.Errorf("%q is in %s", form, shown)
		}
	}
	if !strings.Contains(shown, Mask) {
		t.Errorf("no mask in %s", shown)
	}
	s.Wipe()
	if strings.Contains(string(s.Stdin)+string(s.Env[0].Value), "h") {
		t.Error("Wipe left something")
	}
}

func TestTakeSecrets(t *testing.T) {
	params := []Param{
		{Name: "plain", Type: ParamText}, {Name: "db-pass", Type: ParamSecret, Required: true}, {Name: "token", Type: ParamSecret},
		{Name: "sudo", Type: ParamSecret, Stdin: true, Pattern: "[a-z]+"},
	}
	got, err := TakeSecrets(params, map[string]string{"db-pass": " a\\b ", "sudo": "pw"})
	if err != nil || len(got.Env) != 2 || got.Env[0].Name != "VMO_SECRET_db_pass" || string(got.Env[0].Value) != ` a\b ` ||
		got.Env[1].Name != "VMO_SECRET_token" || string(got.Env[1].Value) != "" || string(got.Stdin) != "pw\n" {
		t.Errorf("%q %q %v", []byte(got.Env[0].Value), []byte(got.Stdin), err)
	}
	for name, given := range map[string]map[string]string{
		"db-pass": {}, "sudo": {"db-pass": "x", "sudo": "UPPER"}, "plain": {"db-pass": "x", "plain": "y"}, "other": {"db-pass": "x", "other": "y"},
		"token": {"db-pass": "x", "token": "two\nlines"},
	} {
		_, err := TakeSecrets(params, given)
		if CodeOf(err) != CodeInvalid || AsError(err).Field != "values."+name {
			t.Errorf("%s: %v", name, err)
		}
		for _, value := range given {
			if len(value) > 1 && strings.Contains(fmt.Sprintf("%+v", err), value) {
				t.Errorf("the error tells the value: %v", err)
			}
		}
	}
	if s, err := TakeSecrets(params[:1], nil); err != nil || !s.Empty() {
		t.Errorf("without secrets: %v, %v", s, err)
	}
	if _, err := TakeSecrets(params, map[string]string{"db-pass": strings.Repeat("x", MaxSecretBytes+1)}); CodeOf(err) != CodeInvalid {
		t.Errorf("too long: %v", err)
	}
}

func TestRulesForSecretParams(t *testing.T) {
	ok := Command{Name: "x", Kind: KindSSH, Script: "x {{a}}", Scope: Scope{Kind: ScopeEverywhere}}
	for want, params := range map[string][]Param{
		"":         {{Name: "a", Type: ParamSecret}, {Name: "b", Type: ParamSecret, Stdin: true}},
		"default":  {{Name: "a", Type: ParamSecret, Default: "x"}},
		"only one": {{Name: "a", Type: ParamSecret, Stdin: true}, {Name: "b", Type: ParamSecret, Stdin: true}},
		"alike":    {{Name: "a-b", Type: ParamSecret}, {Name: "a_b", Type: ParamSecret}},
		"only a":   {{Name: "a", Type: ParamText, Stdin: true}},
		"terminal": {{Name: "a", Type: ParamSecret}},
	} {
		c := ok
		c.Params = params
		c.Options.Terminal = want == "terminal"
		err := c.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
