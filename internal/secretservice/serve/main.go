// Package main puts a keychain for tests on the session bus. To each line on its standard input it answers with the
// names of what it keeps, as JSON, and it ends with its input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"vmorchestrator/internal/secretservice"
)

func main() {
	s, err := secretservice.Serve()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("[]")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		names := []string{}
		for _, entry := range s.Entries() {
			names = append(names, entry["username"])
		}
		text, err := json.Marshal(names)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(text))
	}
}
