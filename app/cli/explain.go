package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// jsonExplanation has the keywords of ssh -G as they are, which is why it isn't in camelCase.
type jsonExplanation struct {
	Type string `json:"type"` // "explanation"
	Name string `json:"name"`
	app.Explanation
}

func (c *cli) explainCommand() *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use: "explain HOST", Short: "Say what ssh_config comes to for a host, and which line says so", Args: cobra.ExactArgs(1),
		Long: `Say what is in force for a host: the name of a VM, a host of ssh_config,
user@host[:port], or any other word that ssh would take. Nothing is connected to.`,
		Example: `  vmo explain web-1
  vmo explain --all deploy@10.0.0.5`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error {
				t, err := a.Destination(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				x, err := a.Explain(cmd.Context(), t.Target)
				if err != nil {
					return err
				}
				if asJSON {
					_, err = c.out.Write(appendJSON(nil, jsonExplanation{"explanation", t.Name, x}))
					return err
				}
				_, err = fmt.Fprint(c.out, c.clean(explained(x.List(t.Name), all)))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object, with every setting as ssh -G names it")
	cmd.Flags().BoolVar(&all, "all", false, "show the defaults of ssh too")
	return cmd
}

// explained is an explanation as a table.
func explained(x domain.Explanation, all bool) string {
	rows := [][3]string{{"KEYWORD", "VALUE", "FROM"}}
	defaults := 0
	for _, s := range x.Settings {
		if !s.Changed && !all {
			defaults++
			continue
		}
		keyword := s.Keyword
		for _, v := range s.Values {
			rows = append(rows, [3]string{keyword, v.Value, origin(x, s, v)})
			keyword = ""
		}
		for _, path := range s.Expanded {
			rows = append(rows, [3]string{"", "-> " + path, ""})
		}
	}
	var b strings.Builder
	switch {
	case x.Source == "own" && x.Reason == "":
		fmt.Fprintf(&b, "%s: worked out here, as ssh -G would\n", x.Name)
	case x.Source == "own":
		fmt.Fprintf(&b, "%s: %s\n", x.Name, x.Reason)
	default:
		fmt.Fprintf(&b, "%s: answered by %s, because of %s\n", x.Name, x.Source, x.Reason)
	}
	if len(rows) > 1 {
		writeColumns(&b, rows)
	}
	if defaults > 0 {
		fmt.Fprintf(&b, "%d more are defaults of ssh; --all shows them.\n", defaults)
	}
	return b.String()
}

// origin says where a value is from. What was worked out here and has no place follows another setting, as UpdateHostKeys
// follows UserKnownHostsFile.
func origin(x domain.Explanation, s domain.Setting, v domain.SettingValue) string {
	switch {
	case v.File != "":
		return fmt.Sprintf("%s:%d", v.File, v.Line)
	case v.Given:
		return "given"
	case s.Changed && x.Source == "own":
		return "follows another"
	case s.Changed:
		return "not known"
	}
	return "default"
}

// writeColumns aligns three columns. One long value doesn't push the last column away from all others.
func writeColumns(b *strings.Builder, rows [][3]string) {
	var width [2]int
	for _, row := range rows {
		for i := range width {
			if n := utf8.RuneCountInString(row[i]); n <= maxColumn {
				width[i] = max(width[i], n)
			}
		}
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %s", width[0], row[0], width[1], row[1], row[2])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
