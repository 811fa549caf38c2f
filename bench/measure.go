package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measure is one run of a contestant: seconds of wall clock and of CPU (user
// and system), and MiB of peak resident memory.
type measure struct{ wall, cpu, rss float64 }

// timed runs a command to its end.
func timed(cmd *exec.Cmd) (measure, error) {
	text, m, err := told(cmd)
	if err == nil && !cmd.ProcessState.Success() {
		err = fmt.Errorf("%s: %s\n%s", cmd.Path, cmd.ProcessState, text)
	}
	return m, err
}

// told runs a command to its end, whatever its exit code, and gives what it said.
func told(cmd *exec.Cmd) (string, measure, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return "", measure{}, err
	}
	ended := make(chan struct{})
	high := make(chan float64)
	go func() { high <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	m := measure{wall: time.Since(began).Seconds()}
	close(ended)
	m.rss = <-high
	m.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", m, fmt.Errorf("%s: %w\n%s", cmd.Path, err, out.String())
	}
	return out.String(), m, nil
}

// watchMemory follows VmHWM, the high-water mark that the kernel keeps, in
// MiB; 0 where there is no /proc. The ru_maxrss of a child is no use: it
// starts at the size of the process that forked it, which is this one with
// the simulator in it.
func watchMemory(pid int, ended <-chan struct{}) (high float64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return high
		case <-tick.C:
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		_, after, found := strings.Cut(string(text), "VmHWM:")
		if fields := strings.Fields(after); found && len(fields) > 0 {
			if kib, err := strconv.ParseFloat(fields[0], 64); err == nil {
				high = kib / 1024
			}
		}
	}
}

func median[T any, V cmp.Ordered](list []T, of func(T) V) V {
	var values []V
	for _, one := range list {
		values = append(values, of(one))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
