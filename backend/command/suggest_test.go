package command

import (
	"fmt"
	"slices"
	"testing"
)

func TestSuggestionsOfShellHistories(t *testing.T) {
	home := t.TempDir()
	write(t, home, ".bash_history", "#1700000000\nssh web-1 uptime\nssh web-1\nls\nssh -p 2222 -tt deploy@db 'sudo systemctl status \"x y\"'\nssh web-2 uptime\n"+
		"ssh web mysql -pHunter2 x\nssh web curl -H 'Authorization: Bearer x' y\nssh web export TOKEN=1\nssh h $(date)\nssh h a; b\nssh h cat >f\nA=1 ssh h x\nssh h echo 3f9a8b7c6d5e4f3a2b1c0d\nssh 'broken\n")
	write(t, home, ".zsh_history", ": 1700000000:0;ssh -J jump web-3 df -h /var\\ \\\\x\n: 1:0;ssh w 'a\\\nb'\n: 1:0;ssh w echo \xc3\x83\x89\n")
	write(t, home, ".local/share/fish/fish_history", "- cmd: ssh web uptime\n  when: 1700000000\n- cmd: ssh -oPort=1 w -- x\\ny\n")
	got := ""
	for _, s := range Suggestions(home, "") {
		got += fmt.Sprintf("%d %s %s %q\n", s.Count, s.Kind, s.Hosts, s.Script)
	}
	want := `3 ssh [web-1 web-2 web] "uptime"
1 ssh [w] "echo é"
1 ssh [w] "a\nb"
1 ssh [web-3] "df -h /var \\x"
1 terminal [deploy@db] "sudo systemctl status \"x y\""
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if none := Suggestions(t.TempDir(), ""); len(none) != 0 {
		t.Errorf("%v", none)
	}
}

func TestSuggestionsOfAHistoryElsewhere(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	write(t, home, ".bash_history", "ssh web df\n")
	write(t, elsewhere, "bash", "#1700000000\nssh web uptime\n")
	write(t, elsewhere, "zsh", ": 1700000000:0;ssh web who\n")
	for file, want := range map[string]string{
		elsewhere + "/bash":      "[df uptime]",
		elsewhere + "/zsh":       "[df who]",
		home + "/.bash_history":  "[df]", // once, where it is anyway
		"":                       "[df]",
		"bash":                   "[df]", // of which folder, nobody knows
		elsewhere + "/not/there": "[df]",
		elsewhere:                "[df]", // a folder
	} {
		var got []string
		for _, s := range Suggestions(home, file) {
			if s.Count != 1 {
				t.Errorf("%s: %q is counted %d times", file, s.Script, s.Count)
			}
			got = append(got, s.Script)
		}
		slices.Sort(got)
		if fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, want %s", file, got, want)
		}
	}
}
