package simulator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// The platform's official JavaScript SDK works against the simulator as it does
// against the platform. It is installed from npm, so the test is asked for:
// see tools/jssdk/run.sh.
func TestJavaScriptSDK(t *testing.T) {
	if os.Getenv("EXITPLAN_JSSDK") != "1" {
		t.Skip("set EXITPLAN_JSSDK=1 to drive the simulator with the official JavaScript SDK (installs it from npm)")
	}
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the JavaScript SDK check needs %s, which is not installed", name)
		}
	}
	dir, err := filepath.Abs("../../tools/jssdk")
	if err != nil {
		t.Fatal(err)
	}
	run := func(env []string, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run(nil, "npm", "ci", "--no-fund", "--no-audit")
	c := start(t, simulator.Config{Seed: 11, SeveralResultsShare: 0.2})
	t.Log(run([]string{"EXITPLAN_SIMULATOR_URL=" + c.s.URL()}, "node", "check.mjs"))
	counts := c.s.Counts()
	if counts.Jobs != 1 || counts.Batches != 1 || counts.MediaCompleted != 1 || counts.Logins != 1 {
		t.Errorf("the check did not do what it says: %+v", counts)
	}
}
