"""Writes the texts from which corpus.sh makes files, in several languages, into the folder that it is given."""
import base64, email.message, email.policy, html, json, os, sys, textwrap, zipfile

os.chdir(sys.argv[1])
# title, section, paragraph, item, item, column, column, row, row, note, long paragraph that fills pages
TEXTS = {
    "en": ("Care of the lighthouse", "The lamp", "The lamp is cleaned every morning before the fog lifts, and the wick is trimmed by hand.",
           "Oil for the lamp", "Cloth for the glass", "Tool", "Place", "Ladder", "Cellar", "The old keeper wrote this down in his diary.",
           "Ships that pass at night count the flashes; whoever counts wrongly finds the rocks. Efficient offices file five baffling affidavits about fluffy waffles."),
    "es": ("Cuidado del faro", "La lámpara", "La lámpara se limpia cada mañana antes de que levante la niebla, y la mecha se corta a mano.",
           "Aceite para la lámpara", "Paño para el cristal", "Herramienta", "Lugar", "Escalera", "Sótano", "El antiguo farero lo anotó en su diario.",
           "Los barcos que pasan de noche cuentan los destellos; quien cuenta mal encuentra las rocas. ¿Cuántos años tenía el pingüino?"),
    "de": ("Pflege des Leuchtturms", "Die Lampe", "Die Lampe wird jeden Morgen gereinigt, bevor der Nebel steigt, und der Docht wird von Hand gekürzt.",
           "Öl für die Lampe", "Tuch für das Glas", "Werkzeug", "Ort", "Leiter", "Keller", "Der alte Wärter schrieb das in sein Tagebuch.",
           "Schiffe, die nachts vorbeifahren, zählen die Blitze; wer sich verzählt, findet die Felsen. Größere Schäden trägt die Küstenwache."),
    "ru": ("Уход за маяком", "Лампа", "Лампу чистят каждое утро, пока не поднялся туман, а фитиль подрезают вручную.",
           "Масло для лампы", "Ткань для стекла", "Инструмент", "Место", "Лестница", "Подвал", "Старый смотритель записал это в дневник.",
           "Корабли, проходящие ночью, считают вспышки; кто ошибётся, найдёт скалы. Ёжик съел объявление."),
    "el": ("Φροντίδα του φάρου", "Η λάμπα", "Η λάμπα καθαρίζεται κάθε πρωί πριν σηκωθεί η ομίχλη, και το φιτίλι κόβεται με το χέρι.",
           "Λάδι για τη λάμπα", "Πανί για το τζάμι", "Εργαλείο", "Τόπος", "Σκάλα", "Κελάρι", "Ο παλιός φύλακας το έγραψε στο ημερολόγιό του.",
           "Τα πλοία που περνούν τη νύχτα μετρούν τις αναλαμπές· όποιος μετρά λάθος βρίσκει τους βράχους."),
    "ar": ("العناية بالمنارة", "المصباح", "ينظف المصباح كل صباح قبل أن ينقشع الضباب ويقص الفتيل باليد",
           "زيت للمصباح", "قماش للزجاج", "أداة", "مكان", "سلم", "قبو", "كتب الحارس القديم هذا في مذكراته",
           "السفن التي تمر ليلا تعد الومضات ومن يخطئ في العد يجد الصخور"),
    "zh": ("灯塔的维护", "灯", "每天早晨在雾散之前清洁灯具，并手工修剪灯芯。", "灯油", "擦玻璃的布", "工具", "地点", "梯子", "地窖",
           "老看守人把这写在日记里。", "夜间经过的船只数着闪光；数错的人会撞上礁石。"),
}


def write(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)


for lang, (title, section, para, item1, item2, col1, col2, row, place, note, filler) in TEXTS.items():
    md = f"""# {title}

{para}[^1]

## {section}

- {item1}
- {item2}

| {col1} | {col2} |
|--------|--------|
| {row}  | {place} |

{filler}

    code = lamp(3)

[^1]: {note}
"""
    write(lang + ".md", md)
    all_text = [title, section, para, item1, item2, col1, col2, row, place, note, filler]
    write(lang + ".words", "\n".join(all_text) + "\n")
    write(lang + ".txt", f"{title}\n\n{para}\n\n{section}\n\n- {item1}\n- {item2}\n\n{col1} {col2}: {row} {place}\n\n{note}\n\n{filler}\n")
    write(lang + "-slides.md", f"# {title}\n\n{para}\n\n# {section}\n\n- {item1}\n- {item2} MARK2\n\n::: notes\n{note}\n:::\n\n"
          f"# {row}\n\n| {col1} | {col2} |\n|---|---|\n| {row} | {place} MARK3 |\n\n# {place}\n\n{filler} MARK4\n")
    # Row 1 is the header; every row says its number.
    rows = [[col1, col2, note]] + [[f"{row} {i}", place if i != 7 else f"{place} MARK7", item1 if i % 2 else item2] for i in range(2, 31)]
    rows[14][1] += " MARK15"
    rows += [[], [title, section, para], [f"MARK33", filler, "1"]]
    quote = lambda v: '"' + v.replace('"', '""') + '"'
    write(lang + ".csv", "\n".join(",".join(quote(v) for v in r) for r in rows) + "\n")
    write(lang + ".tsv", "\n".join("\t".join(r) for r in rows[:31]) + f"\n{title}\t{section}\t{para}\nMARK33\t{filler}\t1\n")
    records = [{col1: f"{row} {i}", col2: place, "n": i, "x": {"items": [item1, item2]}} for i in range(1, 12)]
    records[4]["mark"] = "MARK5"
    records[8]["about"] = [title, section, para, note, filler]
    write(lang + ".json", json.dumps(records, ensure_ascii=lang != "ru", indent=1))
    write(lang + ".jsonl", "\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n")
    esc = html.escape
    encoding = {"ru": "windows-1251", "es": "iso-8859-1"}.get(lang, "utf-8")
    xml = f"""<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE manual SYSTEM "manual.dtd">
<manual><title>{esc(title)}</title><para>{esc(para)} <ref id="1"/></para>
<section><title>{esc(section)}</title><list><item>{esc(item1)}</item><item>{esc(item2)}</item></list>
<tool name="{esc(row)}" kind="{esc(col1)}" place="{esc(place)}" what="{esc(col2)}"/><para>{esc(filler)}</para><note>{esc(note)}</note></section></manual>
"""
    with open(lang + ".xml", "wb") as f:
        f.write(xml.encode(encoding))
    body = f"<p>{esc(para)}</p><h2>{esc(section)}</h2><ul><li>{esc(item1)}</li><li>{esc(item2)}</li></ul>" \
           f"<table><tr><th>{esc(col1)}</th><th>{esc(col2)}</th></tr><tr><td>{esc(row)}</td><td>{esc(place)}</td></tr></table><p>{esc(note)}</p><p>{esc(filler)}</p>"
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["Subject"], m["From"], m["To"], m["Date"] = title, f"{section} <keeper@example.org>", "harbour@example.org", "Mon, 01 Jun 2026 08:00:00 +0200"
    m.set_content(f"{para}\n", charset={"ru": "koi8-r"}.get(lang, "utf-8"))
    m.add_alternative(f"<html><body>{body}</body></html>", subtype="html")
    m.add_attachment(f"{note}\n".encode(), maintype="text", subtype="plain", filename=f"{section}.txt")
    with open(lang + ".eml", "wb") as f:
        f.write(m.as_bytes())
    page = f"<html><head><meta charset=utf-8><title>{esc(title)}</title></head><body><h1>{esc(title)}</h1>{body}</body></html>"
    quoted = email.message.EmailMessage(policy=email.policy.SMTP)
    quoted.set_content(page, subtype="html", cte="quoted-printable")
    b = "----MultipartBoundary--0123456789"
    write(lang + ".mhtml", "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/\r\nMIME-Version: 1.0\r\n"
          f"Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"{b}\"\r\n\r\n\r\n--{b}\r\n"
          + quoted.as_bytes().decode() + f"\r\n--{b}\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
          + base64.b64encode(b"\x89PNG\r\n\x1a\nnothing").decode() + f"\r\n--{b}--\r\n")
    # Five printed pages with a running header, a page number and a mark on each.
    direction = "rtl" if lang == "ar" else "ltr"
    pages = [f"<h1>{esc(title)}</h1><p>{esc(para)}</p>", f"<h2>{esc(section)}</h2><ul><li>{esc(item1)}</li><li>{esc(item2)}</li></ul>",
             f"<table border=1><tr><th>{esc(col1)}</th><th>{esc(col2)}</th></tr><tr><td>{esc(row)}</td><td>{esc(place)}</td></tr></table>",
             f"<p>{esc(note)}</p>", f"<p>{esc(filler)}</p>"]
    many = "".join(f"<section><div class=head>{esc(title)} 2026</div>{p}<p>MARK{i}</p>{('<p>' + esc(filler) + '</p>') * 3}<div class=foot>{i}</div></section>"
                   for i, p in enumerate(pages, 1))
    write(lang + "-print.html", f"<!doctype html><html lang={lang} dir={direction}><meta charset=utf-8><title>{esc(title)}</title><style>"
          "@page{size:A5;margin:0}body{margin:0}section{position:relative;height:208mm;padding:18mm;box-sizing:border-box;break-after:page;text-align:justify;hyphens:auto}"
          ".head{position:absolute;top:8mm}.foot{position:absolute;bottom:8mm}</style>" + many)
    with zipfile.ZipFile(lang + ".zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(f"{section}/{title}.md", md)
        z.writestr("all.txt", "\n".join(all_text))

en = TEXTS["en"]
left = ["Left column begins here."] + [f"Left sentence number {i} tells of the harbour and its cranes." for i in range(1, 15)]
right = ["Right column begins here."] + [f"Right sentence number {i} tells of the weather and the tides." for i in range(1, 15)]
write("columns.words", "\n".join([en[0]] + left + right) + "\n")
write("columns.html", "<!doctype html><html lang=en><meta charset=utf-8><title>Columns</title><style>@page{size:A4;margin:20mm}"
      ".c{display:flex;gap:10mm}.c div{width:80mm;text-align:justify}</style>"
      f"<h1>{en[0]}</h1><div class=c><div><p>{' '.join(left)}</p></div><div><p>{' '.join(right)}</p></div></div>")
