package ledger

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// BenchmarkAccept measures how many requests are acknowledged, each on disk, in
// a second: by group commit, and with a transaction for each.
func BenchmarkAccept(b *testing.B) {
	for _, alone := range []bool{false, true} {
		for _, clients := range []int{1, 64, 512} {
			name := fmt.Sprintf("group/%d", clients)
			if alone {
				name = fmt.Sprintf("alone/%d", clients)
			}
			b.Run(name, func(b *testing.B) { benchmarkAccept(b, clients, alone) })
		}
	}
}

func benchmarkAccept(b *testing.B, clients int, alone bool) {
	b.Helper()
	l, err := Open(b.Context(), sqlite.At(filepath.Join(b.TempDir(), "pressrun.db")), Options{Sites: policies("www"), NoGroupCommit: alone})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < b.N; i += clients {
				if _, err := l.Accept(b.Context(), Request{Site: "www", Key: fmt.Sprint(i), Source: release.FromContent, Title: "A title"}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "asks/s")
	b.StopTimer()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDelivery measures how many webhooks are kept and then noted as
// processed, 200 at a time, in a second.
func BenchmarkDelivery(b *testing.B) {
	l, err := Open(b.Context(), sqlite.At(filepath.Join(b.TempDir(), "pressrun.db")), Options{Sites: policies("www")})
	if err != nil {
		b.Fatal(err)
	}
	doc := `{"Event":"workflow_run","Title":"` + strings.Repeat("t", 400) + `"}`
	b.ReportAllocs()
	b.ResetTimer()
	const clients = 512
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < b.N; i += clients {
				if _, err := l.Deliveries().Put(b.Context(), Delivery{ID: rand.Text(), Event: "workflow_run", Doc: doc, Run: fmt.Sprint(i / 10), Attempt: 1, Stage: i % 4}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for {
		waiting, err := l.Deliveries().Waiting(b.Context(), 200)
		if err != nil {
			b.Fatal(err)
		}
		if len(waiting) == 0 {
			break
		}
		var ids []string
		for _, d := range waiting {
			ids = append(ids, d.ID)
		}
		if err := l.Deliveries().Done(b.Context(), ids...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	b.StopTimer()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
