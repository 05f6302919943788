package domain

import "testing"

func TestScriptShell(t *testing.T) {
	for script, want := range map[string][2]string{
		"#!/bin/sh\necho": {"/bin/sh", ""}, "#!/bin/bash -eu\n": {"/bin/bash", "-eu"}, "#! /usr/bin/env zsh": {"zsh", ""},
		"#!/usr/local/bin/fish": {"/usr/local/bin/fish", ""}, "#!/bin/csh -f \nx": {"/bin/csh", "-f"}, "#!/usr/bin/env bash -x\n": {"bash", "-x"},
		"echo": {}, "": {}, "#!/usr/bin/python3\n": {}, "#!sh\n": {}, " #!/bin/sh\n": {}, "\n#!/bin/sh\n": {}, "#!/bin/sh -c id\n": {}, "#!/bin/sh -c\n": {},
		"#!/bin/sh $(id)\n": {}, "#!/bin/sh'\n": {}, "#!/b in/sh\n": {}, "#!/bin/bash -i\n": {}, "#!/bin/sh\r\n": {}, "#!/usr/bin/env -S bash -e\n": {},
	} {
		if shell, options := ScriptShell(script); shell != want[0] || options != want[1] {
			t.Errorf("%q: %q %q", script, shell, options)
		}
	}
}
