// Package command is the service of saved commands: what a person runs again and again, as a script with {{parameters}}.
//
// # Templates
//
// Only {{name}}, with or without blanks inside the braces, is a parameter; a name has letters, digits, "_" and "-" and
// begins with a letter or "_". Everything else stays as it is, so docker's --format '{{.Names}}' needs no care. A
// literal {{name}} is written {{{{name}}.
//
// A value always arrives as exactly the text that was given, never as code, wherever the parameter stands:
//
//   - outside quotes, as exactly one argument, an empty one too;
//   - inside "..." or '...', as part of that one argument;
//   - in a comment nothing is replaced.
//
// Where a value could not be kept from being read as code (here-documents, backquotes, ${...}, arithmetic, $'...', after a
// backslash or a $, in the script of a `sh -c`), or where it can't be told for sure how a shell reads the place, rendering
// is refused with the way to write it. What a program itself makes of its argument (awk, sed, ssh, find -exec) is that
// program's matter: give values to inner scripts as arguments, sh -c '... "$1"' sh {{name}}.
//
// # Login shells
//
// A script runs in the person's login shell. The quoting is understood alike by POSIX shells (dash, bash, zsh, ksh,
// busybox) and by fish, and in csh and tcsh too, but for values with line breaks: those shells can't have them in a word
// and would run what follows as code. A script with such a value begins with a line that ends it there with status 2.
// csh reads a backslash within "..." as itself: who logs in with it keeps scripts free of that.
package command
