package app

import (
	"bufio"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/test/eventually"
)

// vanish makes a connection deaf and dumb, as if its machine had lost its power:
// a filter drops whatever comes for it before anything could answer.
func vanish(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	keepNothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	program := &unix.SockFprog{Len: 1, Filter: &keepNothing[0]}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
	}); err != nil || set != nil {
		t.Fatal(err, set)
	}
}

func TestAReaderWhoVanishesFreesItsPlace(t *testing.T) {
	if got := webapi.KeepAlive + deadClientAfter; got > time.Minute {
		t.Errorf("a place is kept for %s", got)
	}
	b := start(t, nil)
	b.app.current.Load().api.Events.Beat, b.app.deadClient = 50*time.Millisecond, 500*time.Millisecond
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := b.app.server()
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	if err := req.Write(c); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	open := func() int {
		return b.app.places.Open()
	}
	time.Sleep(2 * b.app.deadClient)
	if open() != 1 {
		t.Fatal("a reader who is there has lost its place")
	}
	vanish(t, c)
	eventually.Holds(t, "the place is given back", func() bool { return open() == 0 })
}
