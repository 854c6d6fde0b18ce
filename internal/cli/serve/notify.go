package serve

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// notifyReady notifies systemd that the service is ready, where systemd waits for it
// (Type=notify): a datagram to the socket that NOTIFY_SOCKET names, as sd_notify(3)
// has it.
func notifyReady() error {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	if name, abstract := strings.CutPrefix(address, "@"); abstract {
		address = "\x00" + name
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("reach systemd at %s: %w", os.Getenv("NOTIFY_SOCKET"), err)
	}
	_, err = c.Write([]byte("READY=1"))
	if err := errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("tell systemd at %s: %w", os.Getenv("NOTIFY_SOCKET"), err)
	}
	return nil
}
