// Command exitplan gets a departing customer's data out of Genesys Cloud:
// completely, provably, and before the contract ends.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the linker when a release is built.
var version = "0.1.0-dev"

// The collector runs early, and works harder as the heap comes near this many
// bytes; GOGC and GOMEMLIMIT override it. An export waits for the network: it
// has the time, and runs beside other programs for days.
const (
	memoryLimit = 96 << 20
	gcPercent   = 40
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(memoryLimit)
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(os.Args))
}

// run is main without the exit, so that tests drive the real command.
func run(args []string) int {
	ctx, signals, stop := untilInterrupted(context.Background())
	defer stop()
	err := stopped(ctx, newApp(signals).RunContext(ctx, args))
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "exitplan:", err)
	}
	return exitCode(err)
}

func newApp(signals *interrupts) *cli.App {
	app := &cli.App{
		Name:                 "exitplan",
		Usage:                "get your data out of Genesys Cloud, completely, provably, in time",
		Version:              version,
		HideHelpCommand:      true,
		EnableBashCompletion: true,
		// One place prints errors and decides about the exit code.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   badUsage,
		// Settings hold commas of their own.
		DisableSliceFlagSeparator: true,
		Flags:                     globalFlags(""),
		Commands: []*cli.Command{
			demoCommand(signals), initCommand(), checkCommand(), exportCommand(signals), statusCommand(),
			planCommand(), extensionCommand(), protectCommand(), verifyCommand(), windowCommand(), datasetsCommand(), simulateCommand(),
		},
		CommandNotFound: func(c *cli.Context, name string) {},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return usage(fmt.Errorf("there is no command %q; 'exitplan --help' lists them", name))
			}
			return cli.ShowAppHelp(c)
		},
		Suggest: true,
	}
	for _, command := range app.Commands {
		prepare(command)
	}
	return app
}

func badUsage(_ *cli.Context, err error, _ bool) error { return usage(err) }
