package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What vmo exports it imports again, a second time as nothing new; lines that can't be used are told with their number.
func TestImportAndExport(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	vmo := func(status int, args ...string) (string, string) {
		t.Helper()
		var out, said bytes.Buffer
		s := streams{out: &out, err: &said, env: func(string) string { return "" }}
		if got := run(t.Context(), append([]string{"--data", data, "--ssh-config", config}, args...), s); got != status {
			t.Fatalf("%v: status %d, %s%s", args, got, out.String(), said.String())
		}
		return out.String(), said.String()
	}
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inventory := file("hosts", "[web]\nweb[1:3] ansible_user=deploy ansible_port=2222\nbad ansible_host=-oProxyCommand=id\n[db]\ndb-prod ansible_host=10.0.0.5\n")
	out, said := vmo(exitSome, "import", inventory, "--dry-run")
	if !strings.Contains(out, "web2  deploy@web2:2222\n") || !strings.Contains(said, `line 3: "-oProxyCommand=id" is not a host name`) || !strings.Contains(said, "4 would be taken in") {
		t.Errorf("%s%s", out, said)
	}
	if out, _ = vmo(exitOK, "export"); !strings.Contains(out, `"vms": []`) {
		t.Errorf("a dry run took something in: %s", out)
	}
	vmo(exitSome, "import", inventory)
	if _, said = vmo(exitSome, "import", inventory); !strings.Contains(said, "0 taken in, 4 there already") {
		t.Error(said)
	}
	out, _ = vmo(exitOK, "vms", "--json", "--tag", "web")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 3 {
		t.Errorf("%s", out)
	}
	if _, said = vmo(exitUsage, "vms", "--tag", "nobody"); !strings.Contains(said, "no VM has the tag nobody") {
		t.Error(said)
	}
	all, _ := vmo(exitOK, "export", "--format", "json", "--tag", "web", "db-prod")
	var list struct{ VMs []map[string]any }
	if err := json.Unmarshal([]byte(all), &list); err != nil || len(list.VMs) != 4 || list.VMs[0]["environment"] != "production" {
		t.Errorf("%v %s", err, all)
	}
	data = filepath.Join(dir, "other")
	if _, said = vmo(exitOK, "import", file("all.json", all)); !strings.Contains(said, "JSON: 4 taken in") {
		t.Error(said)
	}
	if again, _ := vmo(exitOK, "export"); again != all {
		t.Errorf("%s\nis not\n%s", again, all)
	}
	if out, _ = vmo(exitOK, "export", "--format", "ssh-config", "web1"); !strings.Contains(out, "Host web1\n    HostName web1\n    User deploy\n    Port 2222\n") {
		t.Error(out)
	}
	if _, said = vmo(exitUsage, "export", "--format", "xml"); !strings.Contains(said, "no form of export") {
		t.Error(said)
	}
	vmo(exitUsage, "import", filepath.Join(dir, "missing"))
}
