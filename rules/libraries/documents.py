"""Documents page by page, what loads them for a model, columns on disk, markup and compression."""

from rules.libraries.model import Blocking, External, Kind, Library, Sdk, alike, each, leaving, made, waiting

_document = Blocking("", Kind.CPU, "a queue worker")
# One call of compiled code that keeps the interpreter: a millisecond for a page of text.
_held_page = Blocking("", Kind.CPU, "a process pool, or a queue worker", holds_gil=True, weight="medium")
_columns = Blocking(
    "", Kind.CPU, "a worker thread, or a queue worker when it takes more than a second", weight="critical"
)
_markup = Blocking("", Kind.CPU, "a process pool, or `yaml.load` with `CSafeLoader`", weight="medium")

_PDF, _PAGES, _PAGE = "pdfplumber.PDF", "pdfplumber.PDF.pages", "pdfplumber.page.Page"
_READER, _READ = "pypdf.PdfReader", "pypdf.PdfReader.pages"
_FITZ, _FITZ_PAGE = "pymupdf.Document", "pymupdf.Page"
_SLIDES = "pptx.presentation.Presentation"
_PARQUET = "pyarrow.parquet.ParquetFile"


def _loaders(names: str) -> tuple[str, ...]:
    return tuple(f"langchain_community.document_loaders.{name}" for name in names.split())


_LOCAL = _loaders(
    "PyPDFLoader PyPDFDirectoryLoader PyPDFium2Loader PyMuPDFLoader PDFPlumberLoader PDFMinerLoader DirectoryLoader"
    " Docx2txtLoader UnstructuredFileLoader UnstructuredPDFLoader UnstructuredWordDocumentLoader"
    " UnstructuredPowerPointLoader UnstructuredExcelLoader UnstructuredHTMLLoader UnstructuredMarkdownLoader"
    " UnstructuredEmailLoader UnstructuredEPubLoader"
)
"""They take a document apart: as much work as the library that each of them calls."""
_REMOTE = _loaders(
    "AsyncHtmlLoader RecursiveUrlLoader SitemapLoader UnstructuredURLLoader YoutubeLoader WikipediaLoader ArxivLoader"
    " S3FileLoader S3DirectoryLoader AzureAIDocumentIntelligenceLoader ConfluenceLoader NotionDBLoader GitLoader"
    " OnlinePDFLoader"
)
_LOADERS = (*_LOCAL, *_REMOTE)
_FOLDER = "llama_index.core.SimpleDirectoryReader"

_SDKS = (
    Sdk(
        ("unstructured_client.UnstructuredClient",),
        "general.partition",
        "its `partition_async`",
        ("unstructured_client.UnstructuredClient",),
        "general.partition_async",
    ),
)

LIBRARY = Library(
    blocking=(
        *each(_document, _PAGE, "extract_text extract_words extract_table extract_tables find_tables"),
        *each(_held_page, _FITZ_PAGE, "get_text"),
        Blocking("pymupdf.Page.get_pixmap", Kind.CPU, "a process pool, or a queue worker", holds_gil=True),
        Blocking("pymupdf.Page.find_tables", Kind.CPU, "a queue worker"),
        *each(_held_page, _FITZ, "save"),
        *each(_document, "docx2txt", "process"),
        *each(_document, _SLIDES, "save"),
        *each(_document, _LOCAL, "load"),
        *each(Blocking("", Kind.NET, "its `aload`, or a queue worker"), _REMOTE, "load"),
        *each(_document, _FOLDER, "load_data"),
        *each(_columns, "pyarrow.parquet", "read_table write_table"),
        *each(_columns, _PARQUET, "read read_row_group read_row_groups"),
        *each(_columns, "pyarrow.csv", "read_csv write_csv"),
        *each(_columns, "pyarrow.json", "read_json"),
        *each(_columns, "pyarrow.feather", "read_table write_feather"),
        *each(_columns, "pyarrow.orc", "read_table write_table"),
        *each(_columns, "pyarrow.dataset.Dataset", "to_table"),
        *each(_markup, "ruamel.yaml.YAML", "load dump"),
        *each(Blocking("", Kind.CPU, "a worker thread", weight="medium"), "chardet", "detect"),
        # At the quality that it has unless told otherwise it takes a second for four megabytes.
        Blocking("brotli.compress", Kind.CPU, "a worker thread, or a lower `quality`", weight="medium"),
        *waiting(_SDKS),
        *each(
            Blocking("", Kind.CPU, "a queue worker", weight="critical"),
            "docling.document_converter.DocumentConverter",
            "convert",
        ),
        *each(
            Blocking("", Kind.CPU, "a queue worker", weight="critical"),
            "unstructured.partition",
            "auto.partition pdf.partition_pdf docx.partition_docx",
        ),
    ),
    external=(*each(External("", False), _REMOTE, "load"), *leaving(_SDKS)),
    returns={
        **{name: name for name in (*_LOADERS, _READER, _FITZ, _FOLDER, _PARQUET, "ruamel.yaml.YAML")},
        "pdfplumber.open": _PDF,
        f"{_PAGES}.__getitem__": _PAGE,
        **alike("crop within_bbox outside_bbox filter dedupe_chars", _PAGE, _PAGE),
        f"{_READ}.__getitem__": "pypdf.PageObject",
        "fitz.open": _FITZ,
        "pymupdf.open": _FITZ,
        **alike("load_page __getitem__ new_page reload_page", _FITZ_PAGE, _FITZ),
        f"{_FITZ}.pages": f"{_FITZ}.pages",
        "pptx.Presentation": _SLIDES,
        "pyarrow.dataset.dataset": "pyarrow.dataset.Dataset",
        **made(_SDKS),
        "docling.document_converter.DocumentConverter": "docling.document_converter.DocumentConverter",
    },
    attributes={_PAGES: _PAGES, _READ: _READ},
    items={_PAGES: _PAGE, _READ: "pypdf.PageObject", _FITZ: _FITZ_PAGE, f"{_FITZ}.pages": _FITZ_PAGE},
    aliases={
        "fitz.Document": _FITZ,
        "fitz.Page": _FITZ_PAGE,
        "pdfplumber.pdf.PDF": _PDF,
        "pypdf._page.PageObject": "pypdf.PageObject",
        "pypdf._reader.PdfReader": _READER,
        "ruamel.yaml.main.YAML": "ruamel.yaml.YAML",
        **{
            f"langchain_community.document_loaders.{module}": f"langchain_community.document_loaders.{name}"
            for module, name in (
                ("pdf.PyPDFLoader", "PyPDFLoader"),
                ("pdf.PyMuPDFLoader", "PyMuPDFLoader"),
                ("word_document.Docx2txtLoader", "Docx2txtLoader"),
                ("directory.DirectoryLoader", "DirectoryLoader"),
            )
        },
    },
)
