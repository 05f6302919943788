package desktop

import "golang.org/x/sys/windows"

func showDialog(title, text string) {
	t, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return
	}
	m, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return
	}
	// The text is on stderr too; a box that can't be shown has nowhere else to be reported.
	_, _ = windows.MessageBox(0, m, t, windows.MB_OK|windows.MB_ICONERROR)
}
