package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// command runs a program for each event: the event as JSON on its standard
// input, the most important facts in its environment.
type command struct {
	cfg  Config
	argv []string
}

func newCommand(cfg Config) (*command, error) {
	argv, err := Split(cfg.Command)
	if err != nil {
		return nil, fmt.Errorf("the notification command %w", err)
	}
	return &command{cfg, argv}, nil
}

var (
	errQuote   = errors.New("has a quote without its end")
	errNothing = errors.New("names no program")
)

// Split cuts a command into a program and its arguments at blanks, save between
// quotes, single or double. There is no shell, and no other special character:
// whoever wants one writes sh -c '...'.
func Split(line string) (argv []string, err error) {
	var word strings.Builder
	var quote rune
	some := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, some = r, true
		case r == ' ' || r == '\t':
			if some {
				argv = append(argv, word.String())
			}
			word.Reset()
			some = false
		default:
			word.WriteRune(r)
			some = true
		}
	}
	if some {
		argv = append(argv, word.String())
	}
	switch {
	case quote != 0:
		return nil, errQuote
	case len(argv) == 0 || argv[0] == "":
		return nil, errNothing
	}
	return argv, nil
}

// What a program that is told to end may take to do so, and to close its output.
const killWithin = 2 * time.Second

// tell runs the program once. It is not run again: it may have done half.
func (c *command) tell(ctx context.Context, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, c.cfg.CommandTimeout)
	defer cancel()
	cmd := exec.CommandContext(limited, c.argv[0], c.argv[1:]...)
	cmd.WaitDelay = killWithin
	cmd.Stdin = bytes.NewReader(body)
	cmd.Env = append(withoutSecrets(os.Environ()), variables(e)...)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = cut(ctx, err)
	case limited.Err() != nil:
		err = fmt.Errorf("did not end within %s", c.cfg.CommandTimeout)
	}
	return &CommandError{Command: c.argv[0], Said: strings.Join(strings.Fields(said.String()), " "), Err: err}
}

// CommandError is why a command did not take an event. What it said is no part
// of the text, since it may hold secrets.
type CommandError struct {
	Command, Said string
	Err           error
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("notification command %s: %v", e.Command, e.Err)
}
func (e *CommandError) Unwrap() error { return e.Err }

// variables are facts for programs that read no JSON. Their prefix is none of
// the configuration's, so that the program may call exitplan.
func variables(e Event) []string {
	vars := []string{
		"EXITPLAN_EVENT=" + e.Kind, "EXITPLAN_EVENT_ID=" + e.ID, "EXITPLAN_EVENT_TIME=" + e.Time.UTC().Format(time.RFC3339),
		"EXITPLAN_EVENT_TEXT=" + e.Text, "EXITPLAN_EVENT_ORGANIZATION=" + e.Organization.ID, "EXITPLAN_EVENT_EXPORT=" + e.ExportID,
		"EXITPLAN_EVENT_CUSTOMER=" + e.Customer, "EXITPLAN_EVENT_OUTCOME=" + e.Outcome, "EXITPLAN_EVENT_REHEARSAL=" + e.Rehearsal,
	}
	if e.ExitCode != nil {
		vars = append(vars, "EXITPLAN_EVENT_EXIT_CODE="+strconv.Itoa(*e.ExitCode))
	}
	for i, v := range vars { // what comes from outside must not end the list early
		vars[i] = strings.ReplaceAll(v, "\x00", "")
	}
	return vars
}

// withoutSecrets leaves out what the program has no use for.
func withoutSecrets(env []string) []string {
	var list []string
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "EXITPLAN_") && (strings.HasSuffix(name, "_SECRET") || name == "EXITPLAN_NOTIFY_WEBHOOK") {
			continue
		}
		list = append(list, v)
	}
	return list
}

// tail keeps the end of what a program says.
type tail struct{ text []byte }

const tailBytes = 500

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailBytes):]
	return len(p), nil
}

func (t *tail) String() string { return strings.ToValidUTF8(string(t.text), "") }
