package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// lookEvery is how often a tree's memory is looked at. Looking takes the processor from those that are looked at, so
// nothing is timed meanwhile.
const lookEvery = 25 * time.Millisecond

// peak runs a program to its end and gives the most that it and all below it took at once, in KB.
func peak(c *exec.Cmd) (int64, error) {
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var most int64
	for {
		select {
		case err := <-ended:
			if err != nil {
				err = fmt.Errorf("%s: %w\n%.2000s", c.Path, err, errs.String())
			}
			return most, err
		case <-tick.C:
			var sum int64
			for _, pid := range tree(c.Process.Pid) {
				pss, _ := pssOf(pid)
				sum += pss
			}
			most = max(most, sum)
		}
	}
}

// tree is a process with all below it.
func tree(pid int) []int {
	pids := []int{pid}
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				pids = append(pids, tree(child)...)
			}
		}
	}
	return pids
}

// pssOf is what a process takes, shared pages counted by its share, and of that what is its own alone, in KB.
func pssOf(pid int) (pss, private int64) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0 // it has ended
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "Pss:":
			pss = n
		case "Private_Clean:", "Private_Dirty:":
			private += n
		}
	}
	return pss, private
}
