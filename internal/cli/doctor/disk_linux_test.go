package doctor

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/servers"
)

func TestAFullDiskIsFound(t *testing.T) {
	disk := servers.SmallDisk(t, 4<<20)
	if got := room("disk", filepath.Join(disk, "state")); got.Result != failed || !strings.Contains(got.Do, "Make room") {
		t.Errorf("%+v", got)
	}
}
