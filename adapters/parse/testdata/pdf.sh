#!/usr/bin/env bash
# Makes the files of pdf/, which TestPDFWordsMatchPdftotext compares page by page, with Chromium, LibreOffice, pandoc and reportlab
# as Debian has them. Run it in this folder. The texts are our own.
set -euo pipefail
out=$PWD/pdf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
cd "$work"
page() { # NAME, the rest of the html element on standard input
  { echo '<!DOCTYPE html><html'; cat; echo '</html>'; } > "$1.html"
  chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf="$out/chromium-$1.pdf" "file://$work/$1.html" >/dev/null 2>&1
}
lines() { for i in $(seq 1 "$1"); do printf "$2\n" "$i" "$i"; done; }

page three-columns <<< " lang=en><body style='columns:3'>$(lines 60 '<p>Paragraph %d says that valve %d is closed by hand and opened by wind.</p>')</body>"
page hyphens <<< " lang=en><meta charset=utf-8><body style='width:160px;hyphens:manual;text-align:justify'><p>Ves&shy;sels that are extra&shy;or&shy;di&shy;nari&shy;ly long
  must an&shy;nounce them&shy;selves regu&shy;larly to the admini&shy;stration of the well-known har&shy;bour.</p></body>"
page turned <<< "><body><h1>Upright words</h1><div style='position:absolute;left:300px;top:200px;transform:rotate(90deg);white-space:nowrap'>Turned words are here</div>
  <p>More upright words follow after the heading.</p></body>"
page footers <<< "><head><style>@page{@bottom-center{content:'Page ' counter(page)}}</style></head><body>$(lines 7 "<p style='page-break-after:always'>Page body %d speaks of pump %d.</p>")</body>"
page table <<< "><body><table border=1>$(lines 60 '<tr><td>Tool %d</td><td>Shelf %d</td><td>1,50 EUR</td></tr>')</table></body>"
page ligatures <<< "><body style='font-family:Liberation Serif,serif;font-size:20px'><p>Efficient offices file five affidavits about fluffy waffles in the difficult first office.</p></body>"
page hebrew <<< " lang=he dir=rtl><meta charset=utf-8><body style='font-family:Noto Sans Hebrew'><h1>משרד הנמל</h1><p>ספינות שאורכן עולה על 40 מטרים מודיעות על עצמן בערוץ 12 לפני שהן עוברות את המגדלור</p></body>"
page japanese <<< " lang=ja><meta charset=utf-8><body style='font-family:Noto Sans CJK JP'><h1>港湾事務所</h1><p>全長四十メートルを超える船舶は、灯台を通過する前に通報する。</p></body>"
page thai <<< " lang=th><meta charset=utf-8><body style='font-family:Loma'><p>พนักงานจองเที่ยวบินทั้งหมดผ่านโต๊ะเดินทาง เบี้ยเลี้ยงรายวัน</p></body>"

cat > slides.md <<'M'
# The harbour office

Vessels longer than forty metres announce themselves.

# Fees

- The fee is due on the first working day.
- It is paid in cash.
M
pandoc --slide-level 1 -o slides.pptx slides.md
cat > notes.md <<'M'
# Notes of the keeper

Vessels longer than forty metres announce themselves on channel twelve.[^1]

| Tool | Place |
|------|-------|
| Saw  | Loft  |

[^1]: The old keeper wrote this down.
M
pandoc -s -o notes.odt notes.md
printf 'Tool,Price\nLadder,12.50\nSaw,7.25\n' > sheet.csv
for f in slides.pptx notes.odt sheet.csv; do
  soffice -env:UserInstallation="file://$work/profile" --headless --convert-to pdf --outdir . "$f" >/dev/null 2>&1
  cp "${f%.*}.pdf" "$out/libreoffice-${f%.*}.pdf"
done
/usr/bin/python3 - "$out" <<'P'
import sys
from reportlab.pdfgen import canvas
c = canvas.Canvas(sys.argv[1] + "/reportlab-pages.pdf")
for i in range(5):
    c.drawString(72, 700, f"Page {i + 1} has a zebra of its own.")
    c.saveState(); c.translate(300, 300); c.rotate(90); c.drawString(0, 0, f"Upwards line of text number {i + 1}"); c.restoreState()
    c.showPage()
c.setPageRotation(90)
c.drawString(72, 500, "Landscape page words")
c.showPage()
c.save()
P
