package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentencesEndWhereReadersSeeThemEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in string }{ // sentences parted by ¦, which the text has not
		{"plain", "One. ¦Two! ¦Three? ¦Four"},
		{"question in Spanish", "¿Quién vino? ¦¡Nadie! ¦El Sr. Pérez y la Sra. Gómez no vinieron."},
		{"titles", "Dr. Smith met Prof. Jones. ¦Mr. Brown and Mrs. White left."},
		{"announcing", "Fruit, e.g. Apples, i.e. Food. ¦Cf. Smith. ¦P. ej. Una manzana. ¦Por ej. Esto."},
		{"etc.", "Apples, pears, etc. were sold. ¦Pears, etc. ¦Then we left."},
		{"numbered", "See art. 5 and No. 7 of Fig. 3. ¦He said no. ¦Then p. 12 Vol. 3 came."},
		{"initials", "J. R. R. Tolkien wrote it. ¦He had vitamin C. ¦The end. ¦Made by George W. Bush."},
		{"countries", "Los EE. UU. Biden dijo. ¦Volvió a EE. UU. ¦El presidente calló. ¦The U.S. Congress met in the U.S. ¦It did."},
		{"decimals", "It rose by 3.5 points. ¦In 1999. ¦Then 2.000 more."},
		{"quotes", "“It is.” ¦She left. ¦(He stayed.) ¦Done."},
		{"wrapped lines", "The quick brown fox jumps over the\nlazy dog and runs. ¦It then\nstops at the Seine\nin Paris."},
		{"wrapped after an abbreviation", "We asked Dr.\nSmith about it."},
		{"blank line", "No full stop\n\n¦next paragraph"},
		{"list", "We need:\n¦- apples\n¦- pears of the\nbest kind\n¦1. first\n¦2) second"},
		{"numbered list", "1. Open the valve. ¦Wait.\n¦2. Close it.\n  ¦12) Done. ¦It took 3. ¦Not 4."},
		{"Markdown heading", "# Title of it\n¦Text of it\n¦## Next\n¦More"},
		{"short title line", "Introduction\n¦This chapter explains how the system is built and why it was built like that."},
		{"table", "| a | b |\n¦| c. D | d |"},
		{"Chinese", "一二三。¦四五六！¦七八"},
		{"references", "It is so.[3] ¦And (so) on.[4][5] ¦Why?[12, 13–15] ¦Look.[ 1] ¦There.¦[Note] That."},
		{"no blank before a bracket", "It stays.¦(See there.) ¦Or not?¦(Who knows.)"},
		{"German", "Das ist z. B. Wasser. ¦Hr. Müller kam."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want, got []string
			for part := range strings.SplitSeq(c.in, "¦") {
				want = append(want, strings.TrimSpace(part))
			}
			in := strings.ReplaceAll(c.in, "¦", "")
			for _, span := range Sentences(in) {
				got = append(got, in[span.Start:span.End])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
