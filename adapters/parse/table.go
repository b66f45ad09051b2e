package parse

import "strings"

// markdownTable writes rows as a Markdown table whose first row is the header. Rows may differ in length; they are not
// padded, since a file could make that arbitrarily expensive, but for the header, which says how many columns there are. A table with one column is no table: ok is false.
func markdownTable(rows [][]string) (s string, ok bool) {
	rows = withoutBlank(rows)
	columns := 0
	for _, r := range rows {
		columns = max(columns, len(r))
	}
	if columns < 2 {
		return "", false
	}
	var b strings.Builder
	for i, r := range rows {
		writeRow(&b, r)
		if i == 0 {
			b.WriteString(strings.Repeat(" |", columns-len(r)) + "\n|" + strings.Repeat(" --- |", columns))
		}
		if i+1 < len(rows) {
			b.WriteByte('\n')
		}
	}
	return b.String(), true
}

func writeRow(b *strings.Builder, cells []string) {
	b.WriteByte('|')
	for _, c := range cells {
		b.WriteByte(' ')
		b.WriteString(strings.ReplaceAll(oneLine(c), "|", `\|`))
		b.WriteString(" |")
	}
}

func withoutBlank(rows [][]string) [][]string {
	var kept [][]string
	for _, r := range rows {
		if strings.TrimSpace(strings.Join(r, "")) != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

// oneLine joins the words of s with single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
