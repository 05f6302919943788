package app

import (
	"testing"

	"vmorchestrator/backend/domain"
)

func TestMask(t *testing.T) {
	var m masks
	m.add("r", domain.Secrets{
		Env:   []domain.Secret{{Name: "a", Value: domain.Hidden("hunter2")}, {Name: "b", Value: domain.Hidden("hunter2more")}, {Name: "c", Value: domain.Hidden("abc")}},
		Stdin: domain.Hidden("Grüße\n"),
	})
	for text, want := range map[string]string{
		"":                            "",
		"nothing":                     "nothing",
		"x hunter2 y hunter2":         "x ******* y *******",
		"hunter2more and hunter2":     "*********** and *******",
		"Grüße!":                      "*******!",
		"a short secret: abc":         "a short secret: abc",
		"the beginning: hunt":         "the beginning: ****",
		"a hunt in the middle, a hun": "a hunt in the middle, a hun",
	} {
		if got := mask(text, m.of("r")); got != want || len(got) != len(text) {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := mask("hunter2", m.of("other")); got != "hunter2" {
		t.Errorf("another run: %q", got)
	}
}
