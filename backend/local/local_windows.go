package local

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"vmorchestrator/backend/domain"
)

// tree is the job object that holds the command and all it starts. When the last handle closes, Windows ends them.
type tree struct {
	mu  sync.Mutex
	job windows.Handle
}

func (t *tree) start(cmd *exec.Cmd) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return os.NewSyscallError("CreateJobObject", err)
	}
	// Suspended until it is in the job, so that no child can be started outside.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_SUSPENDED | windows.CREATE_NO_WINDOW}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job)
		return err
	}
	if err := adopt(job, uint32(cmd.Process.Pid)); err != nil {
		windows.CloseHandle(job)
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	t.job = job
	return nil
}

func adopt(job windows.Handle, pid uint32) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE|windows.PROCESS_SUSPEND_RESUME, false, pid)
	if err != nil {
		return os.NewSyscallError("OpenProcess", err)
	}
	defer windows.CloseHandle(process)
	if err := windows.AssignProcessToJobObject(job, process); err != nil {
		return os.NewSyscallError("AssignProcessToJobObject", err)
	}
	return resume(pid)
}

// resume starts the main thread of a process that was created suspended.
func resume(pid uint32) error {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return os.NewSyscallError("CreateToolhelp32Snapshot", err)
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ThreadEntry32{}
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = windows.Thread32First(snapshot, &entry); err == nil; err = windows.Thread32Next(snapshot, &entry) {
		if entry.OwnerProcessID != pid {
			continue
		}
		thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, entry.ThreadID)
		if err != nil {
			return os.NewSyscallError("OpenThread", err)
		}
		_, err = windows.ResumeThread(thread)
		windows.CloseHandle(thread)
		return err
	}
	return os.NewSyscallError("Thread32Next", err)
}

func (t *tree) terminate(pid int) {
	_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(pid))
}

func (t *tree) kill(int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		_ = windows.TerminateJobObject(t.job, 1)
	}
}

func (t *tree) killOne(int) {} // nothing gets out of a job object

func (t *tree) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		_ = windows.CloseHandle(t.job)
		t.job = 0
	}
}

// jobPIDs is JOBOBJECT_BASIC_PROCESS_ID_LIST with room for 256 processes.
type jobPIDs struct {
	Assigned uint32
	Listed   uint32
	PIDs     [256]uintptr
}

func (t *tree) left(int, string) []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job == 0 {
		return nil
	}
	var list jobPIDs
	err := windows.QueryInformationJobObject(t.job, windows.JobObjectBasicProcessIdList, uintptr(unsafe.Pointer(&list)), uint32(unsafe.Sizeof(list)), nil)
	if err != nil && !errors.Is(err, windows.ERROR_MORE_DATA) {
		return nil
	}
	var pids []int
	for _, pid := range list.PIDs[:list.Listed] {
		pids = append(pids, int(pid))
	}
	return pids
}

// shell is PowerShell, which every Windows has; its own arguments follow.
func (r *Runner) shell(script string) (string, []string) {
	shell := r.o.Shell
	if shell == "" {
		shell = "powershell.exe"
	}
	return shell, []string{"-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script}
}

func exitOf(cmd *exec.Cmd, err error) domain.Exit {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return domain.Exit{Kind: domain.ExitUnknown, Err: domain.NewError(domain.CodeLocal, "", "wait for the command: %w", err)}
	}
	return domain.Exit{Kind: domain.ExitStatus, Code: cmd.ProcessState.ExitCode()}
}

// startTime is the process's creation time in 100 ns; "" if it is gone.
func startTime(pid int) string {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(process)
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(process, &created, &exited, &kernel, &user); err != nil {
		return ""
	}
	return strconv.FormatInt(created.Nanoseconds(), 10)
}
