package serve

import (
	"net"
	"path/filepath"
	"testing"
)

func TestSystemdIsTold(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := notifyReady(); err != nil {
		t.Errorf("without systemd: %v", err)
	}
	folder := t.TempDir()
	for _, name := range []string{filepath.Join(folder, "notify"), "@pressrun-test" + filepath.Base(filepath.Dir(folder))} {
		address := name
		if name[0] == '@' {
			address = "\x00" + name[1:]
		}
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		t.Setenv("NOTIFY_SOCKET", name)
		if err := notifyReady(); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 100)
		n, err := l.Read(got)
		if err != nil || string(got[:n]) != "READY=1" {
			t.Errorf("%s: %q, %v", name, got[:n], err)
		}
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(folder, "nobody"))
	if err := notifyReady(); err == nil {
		t.Error("no error, although nobody listens")
	}
}
