package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestHTMLBecomesBlocks(t *testing.T) {
	t.Parallel()
	got := readLocally(t, HTML, []byte(`<!doctype html><html lang="en"><head><title>Fleet &amp; cars</title>
<meta name="author" content="Fleet desk"><style>p{}</style></head><body>
<nav><ul><li>Home<li>People</ul></nav><header>Site name</header>
<h1>Company <em>cars</em></h1>
<p>Booked for at most <b>five</b>
days.<br>No more.<p>Second<script>x()</script> paragraph
<div hidden>secret<div>s</div></div>
<ol start="3"><li>Show<ul><li><p>inner</p></ul><li>Note</ol>
<pre>a
  b</pre>
<table><caption>Costs</caption><tr><th>Vehicle<th>Fee<tr><td>Van <table><tr><td>x<td>y</table><td>£28</table>
<table><tr><td>layout only</table>
<blockquote>Quoted</blockquote>
<footer>Imprint</footer></body></html>`))
	want := document.Parsed{
		Title:    "Fleet & cars",
		Metadata: map[string]string{"author": "Fleet desk", "language": "en"},
		Blocks: []text.Block{
			{Kind: text.Heading, Level: 1, Text: "Company cars"},
			{Text: "Booked for at most five days.\nNo more."},
			{Text: "Second paragraph"},
			{Kind: text.ListItem, Text: "3. Show"},
			{Kind: text.ListItem, Text: "- inner"},
			{Kind: text.ListItem, Text: "4. Note"},
			{Kind: text.Code, Text: "a\n  b"},
			{Text: "Costs"},
			{Kind: text.Table, Text: "| Vehicle | Fee |\n| --- | --- |\n| Van x y | £28 |"},
			{Text: "layout only"},
			{Text: "Quoted"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCellsOfPagesStandInTheirColumns(t *testing.T) {
	t.Parallel()
	page := `<table><tr><th colspan=3>Costs</th></tr><tr><th rowspan=2>Country</th><th colspan="2">Fee</th></tr><tr><th>Min</th><th>Max</th></tr>` +
		`<tr><td>Norway</td><td>1</td><td>2</td></tr><tr><td colspan=999999999 rowspan=-1>none</td></tr></table>`
	want := "Costs\n| Country | Fee | |\n| --- | --- | --- |\n|  | Min | Max |\n| Norway | 1 | 2 |\n| none |"
	if got := joined(readLocally(t, HTML, []byte(page)).Blocks); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestHTMLHasNothingOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	page := `<p>One<p style="display: none">not <b>this</b> one<p>two <b hidden>nor</b> this</p><p hidden>nor that<div>three</div><pre hidden>no</pre><p>four`
	if got := joined(readLocally(t, HTML, []byte(page)).Blocks); got != "One\ntwo this\nthree\nfour" {
		t.Errorf("text = %q", got)
	}
}

func TestHTMLKeepsNavigationWhenThereIsNothingElse(t *testing.T) {
	t.Parallel()
	if got := joined(readLocally(t, HTML, []byte("<body><nav>All pages: one, two, three</nav>ok")).Blocks); !strings.Contains(got, "three") {
		t.Errorf("text = %q", got)
	}
}

func TestHTMLPrefersTheMainContent(t *testing.T) {
	t.Parallel()
	page := "<div>Subscribe!</div><main><h1>News</h1><p>" + strings.Repeat("A long story. ", 20) + "</main><aside>More</aside>"
	if got := joined(readLocally(t, HTML, []byte(page)).Blocks); strings.Contains(got, "Subscribe") || !strings.Contains(got, "News") {
		t.Errorf("text = %q", got)
	}
}

func TestAnElementThatIsNeverClosedDoesNotSwallowThePage(t *testing.T) {
	t.Parallel()
	if got := joined(readLocally(t, HTML, []byte("<select><option>x<h1>Title</h1><p>Body")).Blocks); got != "Title\nBody" {
		t.Errorf("text = %q", got)
	}
}

func TestHTMLHonoursItsCharset(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"declared":   "<meta charset=iso-8859-2><p>Za\xbf\xf3\xb3\xe6",
		"marked":     "\xEF\xBB\xBF<p>Zażółć",
		"undeclared": "<p>Zażółć",
	} {
		if got := joined(readLocally(t, HTML, []byte(s)).Blocks); got != "Zażółć" {
			t.Errorf("%s: text = %q", name, got)
		}
	}
}

func TestDeepHTMLIsReadInLinearTime(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	for _, tag := range []string{"div", "b", "table", "ul", "li", "pre", "blockquote", "svg", "nav", "main", "td"} {
		s := strings.Repeat("<"+tag+">", depth) + "<h1>end</h1>" + strings.Repeat("</"+tag+">", depth)
		got, err := tryLocally(HTML, []byte(s))
		if err != nil || !strings.Contains(joined(got.Blocks), "end") {
			t.Errorf("%s: the text is lost: %q, %v", tag, joined(got.Blocks), err)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add([]byte("<title>t</title><table><tr><td>a<td>b</table><ul><li>x"))
	f.Add([]byte("<pre><nav></pre></table></ul></li></main>"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzFormat(t, HTML, data) })
}
