"""Documents of an office, of the web, and what is written in YAML."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import document, folder

PARAGRAPH = "A sentence about an order that was shipped to a customer in another town. " * 6


def _pdf(pages: int, lines: int = 60) -> bytes:
    from reportlab.pdfgen import canvas

    target = io.BytesIO()
    made = canvas.Canvas(target)
    for page in range(pages):
        for line in range(lines):
            made.drawString(40, 800 - 12 * line, f"{page} {line} {PARAGRAPH[:90]}")
        made.showPage()
    made.save()
    return target.getvalue()


def _page(count: int) -> str:
    return f"<html><body>{f'<p>{PARAGRAPH}</p><table><tr><td>1</td></tr></table>' * count}</body></html>"


def pypdf() -> Mapping[str, Call]:
    import pypdf

    page = pypdf.PdfReader(io.BytesIO(_pdf(1, lines=400))).pages[0]
    many = io.BytesIO(_pdf(1500))
    return {
        "pypdf.PdfReader": lambda: [len(pypdf.PdfReader(many).pages)],
        "pypdf.PageObject.extract_text": lambda: page.extract_text(),
    }


def pdfplumber() -> Mapping[str, Call]:
    import pdfplumber

    many = _pdf(400)

    def opened() -> None:
        with pdfplumber.open(io.BytesIO(many)) as pdf:
            len(pdf.pages)

    return {"pdfplumber.open": opened}


def pymupdf() -> Mapping[str, Call]:
    import pymupdf

    # A file whose table of objects is broken is read as a whole.
    broken = _pdf(6000).replace(b"startxref", b"startxxxx")
    opened = {
        name: (lambda: pymupdf.open(stream=broken, filetype="pdf")) for name in ("fitz.open", "pymupdf.open")
    }
    pymupdf.TOOLS.mupdf_display_errors(False)
    return opened


def pages() -> Mapping[str, Call]:
    import pdfplumber
    import pymupdf

    drawn = _pdf(1, lines=20)
    page = pymupdf.open(stream=_pdf(1, lines=400), filetype="pdf")[0]
    many = pymupdf.open(stream=_pdf(1_500), filetype="pdf")
    place = folder() / "many.pdf"

    def read(name: str) -> Call:
        # A page keeps what it has read of itself.
        return lambda: getattr(pdfplumber.open(io.BytesIO(drawn)).pages[0], name)()

    return {
        **{
            f"pdfplumber.page.Page.{name}": read(name)
            for name in (
                *("extract_text", "extract_words", "extract_table", "extract_tables", "find_tables"),
            )
        },
        "pymupdf.Page.get_text": lambda: page.get_text("dict"),
        "pymupdf.Page.get_pixmap": lambda: page.get_pixmap(dpi=1_200),
        "pymupdf.Page.find_tables": lambda: page.find_tables(strategy="text"),
        "pymupdf.Document.save": lambda: many.save(place, garbage=3, deflate=True),
    }


def loaders() -> Mapping[str, Call]:
    import docx
    import docx2txt
    import langchain_community.document_loaders as loaders

    place = folder()
    inside = place / "inside"
    inside.mkdir(exist_ok=True)
    for path in (place / "some.pdf", inside / "some.pdf"):
        path.write_bytes(_pdf(12))
    (place / "few.pdf").write_bytes(_pdf(1, lines=10))
    (place / "many.pdf").write_bytes(_pdf(400))
    text = docx.Document()
    for _ in range(6_000):
        text.add_paragraph(PARAGRAPH)
    text.save(place / "some.docx")
    files = {
        "PyPDFLoader": place / "some.pdf",
        "PDFPlumberLoader": place / "few.pdf",
        "PDFMinerLoader": place / "some.pdf",
        "PyPDFDirectoryLoader": inside,
        "PyPDFium2Loader": place / "many.pdf",
        "PyMuPDFLoader": place / "many.pdf",
        "Docx2txtLoader": place / "some.docx",
    }
    return {
        "docx2txt.process": lambda: docx2txt.process(place / "some.docx"),
        **{
            f"langchain_community.document_loaders.{name}.load": functools.partial(
                lambda made, path: made(str(path)).load(), getattr(loaders, name), path
            )
            for name, path in files.items()
        },
    }


def openpyxl() -> Mapping[str, Call]:
    import openpyxl

    def book() -> openpyxl.Workbook:
        made = openpyxl.Workbook()
        for row in range(3_000):
            made.active.append([row, f"item {row}", row * 1.5])
        return made

    target = io.BytesIO()
    kept = book()
    kept.save(target)
    return {
        "openpyxl.load_workbook": lambda: openpyxl.load_workbook(io.BytesIO(target.getvalue())),
        "openpyxl.Workbook.save": lambda: kept.save(io.BytesIO()),
    }


def xlsxwriter() -> Mapping[str, Call]:
    import xlsxwriter

    def closed() -> None:
        with xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for row in range(4_000):
                sheet.write_row(row, 0, [PARAGRAPH[:20], row, row * 1.5, f"item {row}"])

    return {"xlsxwriter.Workbook.close": closed}


def reportlab() -> Mapping[str, Call]:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()["Normal"]

    def built() -> None:
        SimpleDocTemplate(io.BytesIO()).build([Paragraph(PARAGRAPH, style) for _ in range(300)])

    return {"reportlab.platypus.SimpleDocTemplate.build": built}


def written() -> Mapping[str, Call]:
    import docx
    import pypdf
    import pypdfium2
    from reportlab.pdfgen import canvas

    def drawn() -> canvas.Canvas:
        made = canvas.Canvas(io.BytesIO())
        for page in range(600):
            for line in range(60):
                made.drawString(40, 800 - 12 * line, f"{page} {line} {PARAGRAPH[:90]}")
            made.showPage()
        return made

    canvases = iter([drawn() for _ in range(12)])
    copied = pypdf.PdfWriter(clone_from=io.BytesIO(_pdf(400)))
    page = pypdfium2.PdfDocument(_pdf(1))[0]
    text = docx.Document()
    for _ in range(3_000):
        text.add_paragraph(PARAGRAPH)
    return {
        "reportlab.pdfgen.canvas.Canvas.save": lambda: next(canvases).save(),
        "pypdf.PdfWriter.write": lambda: copied.write(io.BytesIO()),
        "pypdfium2.PdfPage.render": lambda: page.render(scale=6),
        "docx.document.Document.save": lambda: text.save(io.BytesIO()),
    }


def pptx() -> Mapping[str, Call]:
    import pptx

    made, target = pptx.Presentation(), io.BytesIO()
    for _ in range(300):
        made.slides.add_slide(made.slide_layouts[1]).shapes.title.text = PARAGRAPH
    made.save(target)
    return {
        "pptx.Presentation": lambda: pptx.Presentation(io.BytesIO(target.getvalue())),
        "pptx.presentation.Presentation.save": lambda: made.save(io.BytesIO()),
    }


def xhtml2pdf() -> Mapping[str, Call]:
    from xhtml2pdf import pisa

    page = _page(20)
    return {"xhtml2pdf.pisa.CreatePDF": lambda: pisa.CreatePDF(page, dest=io.BytesIO())}


def cairosvg() -> Mapping[str, Call]:
    import cairosvg

    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="9" fill="#29c" opacity="0.5"/>'
        for x in range(0, 800, 10)
        for y in range(0, 300, 10)
    )
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="300">{circles}</svg>'.encode()
    return {
        "cairosvg.svg2png": lambda: cairosvg.svg2png(bytestring=drawing),
        "cairosvg.svg2pdf": lambda: cairosvg.svg2pdf(bytestring=drawing),
    }


def matplotlib() -> Mapping[str, Call]:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(12, 8))
    for number in range(20):
        axes.plot([each * number % 97 for each in range(2_000)], label=f"line {number}")
    axes.legend()
    return {
        "matplotlib.pyplot.savefig": lambda: pyplot.savefig(io.BytesIO()),
        "matplotlib.figure.Figure.savefig": lambda: figure.savefig(io.BytesIO()),
    }


def articles() -> Mapping[str, Call]:
    import markdownify
    import readability
    import trafilatura

    page, small = _page(1_500), _page(400)
    return {
        "markdownify.markdownify": lambda: markdownify.markdownify(page),
        "readability.Document.summary": lambda: readability.Document(small).summary(),
        "trafilatura.extract": lambda: trafilatura.extract(small),
    }


def docx() -> Mapping[str, Call]:
    import docx

    made = docx.Document()
    for _ in range(50):
        made.add_paragraph(PARAGRAPH)
    target = io.BytesIO()
    made.save(target)
    large = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(target.getvalue())) as old, zipfile.ZipFile(large, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name == "word/document.xml":
                start, end = raw.index(b"<w:p>"), raw.rindex(b"</w:p>") + 6
                raw = raw[:start] + raw[start:end] * 1200 + raw[end:]
            new.writestr(name, raw)
    return {"docx.Document": lambda: docx.Document(io.BytesIO(large.getvalue()))}


def markitdown() -> Mapping[str, Call]:
    import contextlib
    import http.server
    import threading

    import requests
    from markitdown import MarkItDown, StreamInfo

    tool, page = MarkItDown(), _page(300)
    place = folder() / "page.html"
    place.write_text(page)

    class Serves(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Serves)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    return {
        "markitdown.MarkItDown.convert": lambda: tool.convert(place),
        "markitdown.MarkItDown.convert_local": lambda: tool.convert_local(str(place)),
        "markitdown.MarkItDown.convert_stream": lambda: tool.convert_stream(
            io.BytesIO(page.encode()), stream_info=StreamInfo(extension=".html")
        ),
        "markitdown.MarkItDown.convert_url": lambda: tool.convert_url(address),
        "markitdown.MarkItDown.convert_response": lambda: tool.convert_response(
            requests.get(address, timeout=5)
        ),
    }


def weasyprint() -> Mapping[str, Call]:
    from weasyprint import HTML

    page = HTML(string=_page(6))
    return {
        "weasyprint.HTML.write_pdf": lambda: page.write_pdf(),
        "weasyprint.HTML.render": lambda: page.render(),
    }


def pdfkit() -> Mapping[str, Call]:
    import pdfkit

    place = folder() / "kit.html"
    place.write_text(_page(3))
    return {
        "pdfkit.from_string": lambda: pdfkit.from_string(_page(3)),
        "pdfkit.from_file": lambda: pdfkit.from_file(str(place)),
        "pdfkit.from_url": lambda: pdfkit.from_url(place.as_uri()),
    }


def pdf2image() -> Mapping[str, Call]:
    import pdf2image

    raw = _pdf(2)
    place = folder() / "two.pdf"
    place.write_bytes(raw)
    return {
        "pdf2image.convert_from_path": lambda: pdf2image.convert_from_path(place),
        "pdf2image.convert_from_bytes": lambda: pdf2image.convert_from_bytes(raw),
    }


def soup() -> Mapping[str, Call]:
    import bs4

    page = _page(1_200)
    return {"bs4.BeautifulSoup": lambda: bs4.BeautifulSoup(page, "html.parser")}


def lxml() -> Mapping[str, Call]:
    import lxml.etree
    import lxml.html

    text, page = document(300_000), _page(8_000)
    place = folder()
    (place / "large.xml").write_text(text)
    (place / "large.html").write_text(page)
    return {
        "lxml.etree.fromstring": lambda: lxml.etree.fromstring(text),
        "lxml.etree.parse": lambda: lxml.etree.parse(place / "large.xml"),
        "lxml.html.fromstring": lambda: lxml.html.fromstring(page),
        "lxml.html.parse": lambda: lxml.html.parse(place / "large.html"),
    }


def yaml() -> Mapping[str, Call]:
    import yaml

    values: dict[str, object] = {f"key {number}": {"a": number, "b": [1, 2, 3]} for number in range(500)}
    text = yaml.safe_dump(values)
    return {
        "yaml.load": lambda: yaml.load(text, yaml.SafeLoader),
        "yaml.safe_load": lambda: yaml.safe_load(text),
        "yaml.load_all": lambda: list(yaml.load_all(text, yaml.SafeLoader)),
        "yaml.safe_load_all": lambda: list(yaml.safe_load_all(text)),
        "yaml.dump": lambda: yaml.dump(values),
        "yaml.safe_dump": lambda: yaml.safe_dump(values),
    }


def markup() -> Mapping[str, Call]:
    from ruamel.yaml import YAML

    values: dict[str, object] = {f"key {number}": {"a": number, "b": [1, 2, 3]} for number in range(200)}
    target = io.StringIO()
    YAML().dump(values, target)
    text = target.getvalue()
    return {
        "ruamel.yaml.YAML.load": lambda: YAML().load(text),
        "ruamel.yaml.YAML.dump": lambda: YAML().dump(values, io.StringIO()),
    }


def guessed() -> Mapping[str, Call]:
    import brotli
    import chardet

    text = (PARAGRAPH * 400 + "Ein schöner Gruß. " * 400).encode("cp1252")
    noise = "".join(f"{number * 7919 % 100_003} {PARAGRAPH[:30]}" for number in range(30_000)).encode()
    return {
        "chardet.detect": lambda: chardet.detect(text * 6),
        "brotli.compress": lambda: brotli.compress(noise),
    }


GROUPS = (
    pypdf,
    pdfplumber,
    pymupdf,
    pages,
    loaders,
    markup,
    guessed,
    openpyxl,
    xlsxwriter,
    reportlab,
    written,
    pptx,
    xhtml2pdf,
    cairosvg,
    matplotlib,
    articles,
    docx,
    markitdown,
    weasyprint,
    pdfkit,
    pdf2image,
    soup,
    lxml,
    yaml,
)

WITHOUT = {
    **dict.fromkeys(("pymupdf4llm.to_markdown", "readabilipy"), "it was not tried yet"),
    **dict.fromkeys(
        (
            *(
                f"langchain_community.document_loaders.{name}"
                for name in (
                    *("DirectoryLoader", "UnstructuredFileLoader", "UnstructuredPDFLoader"),
                    *("UnstructuredWordDocumentLoader", "UnstructuredPowerPointLoader"),
                    *("UnstructuredExcelLoader", "UnstructuredHTMLLoader", "UnstructuredMarkdownLoader"),
                    *("UnstructuredEmailLoader", "UnstructuredEPubLoader"),
                )
            ),
            "llama_index.core.SimpleDirectoryReader",
        ),
        "what takes the documents apart fetches its models over the network",
    ),
}
