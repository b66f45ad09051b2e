package offline_test

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestTheEmbedderKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Embedder(t, func(*testing.T) llm.Embedder { return offline.NewEmbedder() }, coretest.Deterministic)
}

func TestABlankTextIsInvalid(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"", " ", "\n\t\u00a0"} {
		_, err := offline.NewEmbedder().Embed(t.Context(), llm.ForDocument, []string{"text", blank})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("Embed(%q) error = %v, want fault.Invalid", blank, err)
		}
	}
}

// When this fails, stored vectors no longer match new ones, and the name of the space must change.
func TestVectorsAreTheSameOnEveryMachineForEver(t *testing.T) {
	t.Parallel()
	if name := offline.NewEmbedder().Space().Name; name != "offline-hash-1" {
		t.Fatalf("the space is now %q; put the sums of its vectors here", name)
	}
	for s, want := range map[string]uint64{
		"The bridge over the river, the other bridge of 2016 and their bridges.": 0xb5098e5129c6224d,
		"the": 0x190c80528d9a57be,
		"¿?":  0xef4eccafcccf0fd6,
	} {
		h := fnv.New64a()
		for _, x := range vector(t, s) {
			h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
		}
		if got := h.Sum64(); got != want {
			t.Errorf("vector of %q has the sum %#x, want %#x", s, got, want)
		}
	}
}

func TestAlikeTextsAreNearerThanOthers(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, near, far string }{
		{"a wrong letter", "immunology of lymphocytes", "imunology of lymphocites", "geology of lighthouses"},
		{"another ending", "The engineers were measuring turbulence.", "An engineer measures turbulent flow.", "A gardener waters tulips."},
		{"Spanish without accents", "la construcción del túnel ferroviario", "construccion de tuneles ferroviarios", "la receta del pastel de manzana"},
		{"case", "ANNUAL REPORT", "annual report", "animal shelter"},
		{"stop words alone in common", "who is the author of this", "the author", "who is this and what is the"},
		{"years count as they are", "elections of 2015", "2015 elections", "2016 elections"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := vector(t, c.text)
			if near, far := product(v, vector(t, c.near)), product(v, vector(t, c.far)); near <= far {
				t.Errorf("%q is as near to %q (%.3f) as to %q (%.3f)", c.text, c.far, far, c.near, near)
			}
		})
	}
}

func FuzzEveryTextThatIsNotBlankHasAVectorOfUnitLength(f *testing.F) {
	for _, s := range []string{"a", "the the", "\xff\xfe", "東京", "a\u0301", "\u200b", strings.Repeat("ab ", 1000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(s) == "" {
			return
		}
		if v := vector(t, s); math.Abs(product(v, v)-1) > 1e-5 {
			t.Errorf("vector of %q has the squared length %g", s, product(v, v))
		}
	})
}

// chunk is about 900 characters, as chunks of documents are.
const chunk = `The lighthouse at Cape Orme was finished in 1868 after six winters of building, and it has warned ships of the
reef ever since. Its first lamp burned rapeseed oil; a petroleum burner replaced it in 1884, and electricity arrived with
the road in 1931. Until then provisions came by boat once a fortnight, weather permitting, and the keepers grew potatoes,
kale and gooseberries in the shelter of the northern wall. The logbooks, which fill nineteen volumes, record migrating
geese, passing whalers, two shipwrecks and the temperature of the sea. A chemist from the university compared those
readings with modern ones and found that summers have become warmer by almost two degrees. Since automation the dwelling
houses a small museum. Visitors may climb the hundred and forty steps on weekends between Easter and October; groups
should write to the harbour office a month ahead, because the staircase holds no more than twelve people at a time.`

func BenchmarkEmbed(b *testing.B) {
	e := offline.NewEmbedder()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), llm.ForDocument, []string{chunk}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "chunks/s")
}

func vector(t *testing.T, s string) llm.Vector {
	t.Helper()
	vectors, err := offline.NewEmbedder().Embed(t.Context(), llm.ForDocument, []string{s})
	if err != nil {
		t.Fatalf("Embed(%q): %v", s, err)
	}
	return vectors[0]
}

func product(a, b llm.Vector) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
