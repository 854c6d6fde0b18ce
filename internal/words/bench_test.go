package words

import "testing"

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := load("es"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	es, _ := Named("es")
	for b.Loop() {
		_ = es.Say("Release #%d is being cancelled by %s.", 7, "Ada")
	}
}
