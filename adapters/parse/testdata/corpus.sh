#!/usr/bin/env bash
# Makes the files of corpus/ with real programs: pandoc, LibreOffice and Chromium, as Debian has them, and Python for mail.
# Run it in this folder. The texts are our own; the words MARK2, MARK3 and so on stand where their number says: on that page,
# slide or row.
set -euo pipefail
out=$PWD/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
python3 corpus.py "$work"
cd "$work"
office() { soffice -env:UserInstallation="file://$work/profile" --headless --convert-to "$1" --outdir "$2" "${@:3}" >/dev/null 2>&1; }

for lang in en es de ru el ar zh; do
  pandoc --from markdown --metadata lang=$lang -o $lang.docx $lang.md
  pandoc --from markdown --metadata lang=$lang -o $lang.odt $lang.md
  pandoc --from markdown --metadata lang=$lang --metadata title="$lang" -o $lang.epub $lang.md
  pandoc --from markdown --standalone -o $lang.rtf $lang.md
  pandoc --from markdown --standalone --metadata title="$lang" -o $lang.html $lang.md
  pandoc --from markdown --slide-level 1 -o $lang.pptx $lang-slides.md
  office odp . $lang.pptx
  office xlsx:"Calc MS Excel 2007 XML" . $lang.csv --infilter=CSV:44,34,76,1 # 76 is UTF-8
  office ods . $lang.csv --infilter=CSV:44,34,76,1
  chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=$lang.pdf "file://$work/$lang-print.html" >/dev/null 2>&1
  for ext in docx odt epub rtf html md pptx odp xlsx ods csv tsv pdf json jsonl xml eml mhtml txt zip; do cp $lang.$ext "$out/$lang.$ext"; done
  cp $lang.words "$out/$lang.words"
done
# The same by other producers.
mkdir office
office docx:"MS Word 2007 XML" office en.odt es.odt ru.odt
office rtf:"Rich Text Format" office en.odt es.odt ru.odt
office pdf office en.odt es.odt ru.odt
office pptx:"Impress MS PowerPoint 2007 XML" office en.odp es.odp
for f in office/*; do cp "$f" "$out/$(basename "${f%.*}")-office.${f##*.}"; done
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=columns.pdf "file://$work/columns.html" >/dev/null 2>&1
cp columns.pdf "$out/en-columns.pdf"; cp columns.words "$out/en-columns.words"
office doc old en.docx; office xls old en.xlsx; office ppt old en.pptx
mkdir -p "$out/old"; cp old/* "$out/old/"
