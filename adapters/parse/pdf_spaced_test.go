package parse

import (
	"bytes"
	"strings"
	"testing"
)

func TestPDFPutsSpacedOutWordsTogether(t *testing.T) {
	t.Parallel()
	s := joined(parsePDF(t, makePDFOf("BT /F1 12 Tf 72 700 Td 5 Tc (Annual report of the board) Tj ET\nBT /F1 12 Tf 72 600 Td (A B C D E F G H I J) Tj ET")).Blocks)
	for _, want := range []string{"Annual report of the board", "A B C D E F G H I J"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q lacks %q", s, want)
		}
	}
}

func TestPDFGoesOnBehindARaisedNumber(t *testing.T) {
	t.Parallel()
	s := joined(parsePDF(t, makePDFOf("BT /F1 12 Tf 72 700 Td (The hall has 40 m) Tj 0 6 Td /F1 7 Tf 95.4 0 Td (2) Tj /F1 12 Tf 4 -6 Td (. It is let.) Tj ET")).Blocks)
	if s != "The hall has 40 m2. It is let." {
		t.Errorf("text = %q", s)
	}
}

func TestPDFPagesThatAreShownTurnedAreRead(t *testing.T) {
	t.Parallel()
	const content = "BT /F1 12 Tf 72 700 Td [(Ev) 30 (ery) -300 (flight is book) 20 (ed b) 20 (y the) -250 (desk)] TJ 0 -14 Td (and paid later) Tj ET\n"
	for _, turn := range []string{"90", "180", "270"} {
		data := bytes.Replace(makePDFOf(content), []byte("/MediaBox"), []byte("/Rotate "+turn+" /MediaBox"), 1)
		if s := joined(parsePDF(t, data).Blocks); !strings.Contains(s, "Every flight is booked by the desk") || !strings.Contains(s, "and paid later") {
			t.Errorf("turned by %s: text = %q", turn, s)
		}
	}
}

func TestLinesWithoutSpacesAreJoinedWithout(t *testing.T) {
	t.Parallel()
	address := []pdfLine{lineAt(700, "これは長い行であり、右の余白まで届いているものである。"), lineAt(686, "東京都港区"), lineAt(672, "電話番号")}
	if s := joinedLines(t, address); !strings.Contains(s, "東京都港区\n電話番号") {
		t.Errorf("text = %q", s)
	}
	lines := []pdfLine{lineAt(500, "従業員はすべての航空券を予約する。海外での食事は"), lineAt(486, "日当で賄う。レンタ"), lineAt(472, "カーも同じ")}
	lines[1].right = lines[0].right
	lines[2].bottom -= 10 // further apart than is usual
	s := joinedLines(t, lines)
	if s != "従業員はすべての航空券を予約する。海外での食事は日当で賄う。レンタカーも同じ" {
		t.Errorf("text = %q", s)
	}
}

func joinedLines(t *testing.T, lines []pdfLine) string {
	t.Helper()
	out := &output{limits: Options{}.withDefaults()}
	if err := layOut([]pdfPage{{number: 1, height: 800, lines: lines}}, out); err != nil {
		t.Fatal(err)
	}
	return joined(out.parsed.Blocks)
}

func TestFirstSyllableHasItsMarks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ทั้งหมด": "ทั้", "ab": "a", "": "", "ก": "ก"} {
		if got := firstSyllable(in); got != want {
			t.Errorf("firstSyllable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSyllablesOfThaiAreReadOnce(t *testing.T) {
	t.Parallel()
	s := joined(parsePDF(t, testdata(t, "testdata/pdf/chromium-thai.pdf")).Blocks)
	if s != "พนักงานจองเที่ยวบินทั้งหมดผ่านโต๊ะเดินทาง เบี้ยเลี้ยงรายวัน" {
		t.Errorf("text = %q", s)
	}
}
