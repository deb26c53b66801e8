"""Computing: data frames, images, models, documents, serialisation."""

from rules.libraries.model import Blocking, Kind, Library, alike, each

_WORKER = "a worker thread, or a queue worker when it takes more than a second"
_frame = Blocking("", Kind.CPU, _WORKER, weight="critical")
_held_frame = Blocking("", Kind.CPU, "a process pool, or a queue worker", holds_gil=True, weight="critical")
_image = Blocking("", Kind.CPU, _WORKER, weight="critical")
_model = Blocking("", Kind.CPU, "a process pool, a queue worker or an inference server", weight="critical")
_document = Blocking("", Kind.CPU, "a queue worker")
_gil = Blocking("", Kind.CPU, "a process pool, or a smaller payload", holds_gil=True, weight="low")
_load = Blocking("", Kind.CPU, "one instance made at start-up", construct=True, weight="critical")

_READS = "read_csv read_excel read_sql read_sql_query read_sql_table read_parquet read_json read_feather read_html read_xml"
_WRITES = "to_csv to_excel to_sql to_parquet to_feather"

_STREAM = "ffmpeg.nodes.OutputStream"
_SOUND = "pydub.AudioSegment"
_READS_SOUND = "from_file from_mp3 from_ogg from_flv"
_DRAWN = tuple(f"graphviz.{name}" for name in ("Digraph", "Graph", "Source"))
_FIGURE = "plotly.graph_objects.Figure"
_CLIPS = ("moviepy.VideoFileClip", "moviepy.CompositeVideoClip", "moviepy.ImageSequenceClip")
# Those that ask a model where to cut; the others take milliseconds for a long document.
_CHUNKERS = ("chonkie.SemanticChunker", "chonkie.LateChunker")

_PRETRAINED = tuple(
    f"transformers.Auto{name}"
    for name in (
        *("Model", "Tokenizer", "Processor", "ImageProcessor", "FeatureExtractor"),
        *(
            f"ModelFor{task}"
            for task in (
                *("CausalLM", "Seq2SeqLM", "MaskedLM", "SequenceClassification", "TokenClassification"),
                *("QuestionAnswering", "ImageClassification", "ObjectDetection", "SemanticSegmentation"),
                *("SpeechSeq2Seq", "ImageTextToText"),
            )
        ),
    )
)
_EMBEDDERS = tuple(
    f"fastembed.{name}"
    for name in ("TextEmbedding", "SparseTextEmbedding", "LateInteractionTextEmbedding", "ImageEmbedding")
)

LIBRARY = Library(
    former={"moviepy.editor": "moviepy==1.0.3"},
    blocking=(
        *each(_frame, "pandas", _READS),
        *each(_frame, "pandas.DataFrame", _WRITES),
        *each(_held_frame, "pandas", "read_pickle"),
        *each(_held_frame, "pandas.DataFrame", "to_json to_pickle"),
        *each(
            Blocking("", Kind.CPU, _WORKER),
            "pandas.DataFrame",
            "merge iterrows apply groupby pivot_table sort_values",
        ),
        # What they join was read or made before; frames of constants, as often as not.
        *each(Blocking("", Kind.CPU, _WORKER, weight="medium"), "pandas", "merge concat"),
        *each(_frame, "polars", "read_csv read_excel read_parquet read_json read_database"),
        *each(_frame, "polars.LazyFrame", "collect"),
        *each(Blocking("", Kind.CPU, _WORKER), "numpy.linalg", "inv svd eig solve lstsq qr"),
        Blocking("numpy.linalg.det", Kind.CPU, "a process pool, or a queue worker", holds_gil=True),
        *each(
            _image,
            "PIL.Image.Image",
            "resize thumbnail save convert rotate filter crop transpose load quantize",
        ),
        Blocking("PIL.Image.open", Kind.DISK, _WORKER, light=True),
        *each(_image, "cv2", "imread imdecode imwrite imencode resize cvtColor GaussianBlur warpAffine"),
        *each(_image, "cv2.VideoCapture", "read"),
        *each(Blocking("", Kind.PROC, "`asyncio.create_subprocess_exec`"), "ffmpeg", "run probe"),
        # `sh.git("log")`, `sh.git.show(…)`: each name of the module is a program.
        Blocking(
            "sh.*",
            Kind.PROC,
            "`asyncio.create_subprocess_exec`",
            excluding=frozenset({"Command", "ErrorReturnCode", "CommandNotFound", "bake", "pushd", "which"}),
        ),
        *each(Blocking("", Kind.PROC, "`asyncio.create_subprocess_exec`"), _STREAM, "run"),
        *each(Blocking("", Kind.PROC, "a queue worker"), _CLIPS, "write_videofile write_gif save_frame"),
        *each(Blocking("", Kind.PROC, "a queue worker"), "moviepy.AudioFileClip", "write_audiofile"),
        *each(
            Blocking("", Kind.PROC, "a queue worker", construct=True),
            "moviepy",
            "VideoFileClip AudioFileClip",
        ),
        *each(
            Blocking("", Kind.PROC, "a queue worker"),
            "pytesseract",
            "image_to_string image_to_data image_to_pdf_or_hocr",
        ),
        *each(_model, "sentence_transformers.SentenceTransformer", "encode"),
        *each(_model, "sentence_transformers.CrossEncoder", "predict rank"),
        *each(_model, _EMBEDDERS[:3], "embed query_embed passage_embed"),
        *each(_model, _EMBEDDERS[3], "embed"),
        *each(_model, "fastembed.rerank.cross_encoder.TextCrossEncoder", "rerank"),
        *each(
            _model,
            "llama_cpp.Llama",
            "create_completion create_chat_completion create_embedding embed __call__ generate eval",
        ),
        *each(_model, "whisper.model.Whisper", "transcribe"),
        *each(_model, "chonkie.BaseEmbeddings", "embed embed_batch"),
        *each(_model, "transformers.Pipeline", "__call__"),
        *each(_model, "onnxruntime.InferenceSession", "run"),
        *each(_model, "ultralytics.YOLO", "predict track __call__"),
        *each(_model, "easyocr.Reader", "readtext"),
        *each(_model, "paddleocr.PaddleOCR", "ocr predict"),
        *each(_model, "face_recognition", "face_encodings face_locations load_image_file"),
        *each(_model, "insightface.app.FaceAnalysis", "get"),
        *each(_model, "FlagEmbedding.BGEM3FlagModel", "encode"),
        *each(_model, "FlagEmbedding.FlagReranker", "compute_score"),
        # Neural networks too, but small ones: some ten milliseconds for a paragraph. One text is one call of compiled code,
        # which keeps the interpreter for most of its time.
        Blocking(
            "spacy.language.Language.__call__", Kind.CPU, "a process pool, or a queue worker", holds_gil=True
        ),
        Blocking("spacy.language.Language.pipe", Kind.CPU, "a process pool, or a queue worker"),
        *each(
            Blocking("", Kind.CPU, "a process pool, or a queue worker"),
            "presidio_analyzer.AnalyzerEngine",
            "analyze",
        ),
        *each(
            Blocking("", Kind.CPU, "a process pool, or a queue worker"),
            _CHUNKERS,
            "chunk __call__ chunk_batch",
        ),
        *each(_model, "faster_whisper.WhisperModel", "transcribe"),
        *each(_load, "sentence_transformers", "SentenceTransformer CrossEncoder"),
        *each(_load, "transformers", "pipeline"),
        *each(
            _load,
            _PRETRAINED,
            "from_pretrained",
        ),
        *each(_load, "torch", "load"),
        *each(_load, "torch.jit", "load"),
        *each(_load, "joblib", "load"),
        *each(_load, "spacy", "load"),
        *each(_load, "whisper", "load_model"),
        *each(_load, ("tensorflow.keras.models", "keras.models"), "load_model"),
        *each(_document, "weasyprint.HTML", "write_pdf render"),
        *each(_document, "pdfkit", "from_url from_string from_file"),
        *each(_document, "pypdf", "PdfReader"),
        *each(_document, "pypdf.PageObject", "extract_text"),
        *each(_document, "pdfplumber", "open"),
        *each(Blocking("", Kind.CPU, "a queue worker", holds_gil=True), ("fitz", "pymupdf"), "open"),
        *each(_document, "openpyxl", "load_workbook"),
        *each(_document, "openpyxl.Workbook", "save"),
        *each(_document, "xlsxwriter.Workbook", "close"),
        *each(_document, "reportlab.platypus.SimpleDocTemplate", "build"),
        *each(_document, "docx", "Document"),
        *each(
            _document,
            "markitdown.MarkItDown",
            "convert convert_local convert_stream convert_url convert_response",
        ),
        *each(_document, "pdf2image", "convert_from_path convert_from_bytes"),
        *each(_document, "pymupdf4llm", "to_markdown"),
        *each(_document, "xhtml2pdf.pisa", "CreatePDF"),
        *each(_document, "cairosvg", "svg2png svg2pdf"),
        *each(_document, "pdfminer.high_level", "extract_text"),
        *each(_document, "mammoth", "convert_to_html"),
        *each(Blocking("", Kind.CPU, _WORKER, weight="medium"), "qrcode", "make"),
        *each(Blocking("", Kind.CPU, "one index made at start-up, or kept"), "rank_bm25", "BM25Okapi"),
        *each(_load, "faiss", "read_index"),
        *each(_document, "pptx", "Presentation"),
        # A program of its own for each: ffmpeg, dot, a browser.
        *each(Blocking("", Kind.PROC, "a queue worker"), _SOUND, f"{_READS_SOUND} export"),
        Blocking(f"{_SOUND}.from_wav", Kind.DISK, "a queue worker"),
        *each(
            Blocking("", Kind.PROC, "`asyncio.create_subprocess_exec`"), ("graphviz", *_DRAWN), "render pipe"
        ),
        *each(Blocking("", Kind.PROC, "a queue worker"), _FIGURE, "to_image write_image"),
        *each(Blocking("", Kind.PROC, "a queue worker"), "plotly.io", "to_image write_image"),
        *each(_image, "soundfile", "read write"),
        *each(_document, "pypdfium2.PdfPage", "render"),
        *each(_document, "docx.document.Document", "save"),
        *each(_document, "reportlab.pdfgen.canvas.Canvas", "save"),
        *each(_document, "pypdf.PdfWriter", "write"),
        *each(
            Blocking("", Kind.CPU, _WORKER, weight="medium"),
            "imagehash",
            "average_hash phash dhash",
        ),
        *each(Blocking("", Kind.CPU, "a process pool, or a queue worker"), "rdflib.Graph", "parse serialize"),
        *each(_document, "matplotlib.pyplot", "savefig"),
        *each(_document, "matplotlib.figure.Figure", "savefig"),
        *each(_document, "readability.Document", "summary"),
        *each(_document, "readabilipy", "simple_json_from_html_string simple_tree_from_html_string"),
        *each(Blocking("", Kind.CPU, _WORKER, weight="medium"), "trafilatura", "extract"),
        *each(Blocking("", Kind.CPU, _WORKER, weight="medium"), "markdownify", "markdownify"),
        *each(Blocking("", Kind.CPU, _WORKER, weight="medium"), "bs4", "BeautifulSoup"),
        *each(
            Blocking("", Kind.CPU, _WORKER, weight="medium"), ("lxml.etree", "lxml.html"), "parse fromstring"
        ),
        *each(
            Blocking("", Kind.CPU, "`yaml.load` with `CSafeLoader`", weight="medium"),
            "yaml",
            "load safe_load load_all safe_load_all dump safe_dump",
        ),
        *each(_gil, ("orjson", "ujson", "simplejson"), "dumps loads"),
        *each(_gil, "msgpack", "packb unpackb"),
        *each(_gil, "cloudpickle", "dumps loads"),
        *each(_gil, "pydantic.TypeAdapter", "validate_json validate_python dump_json dump_python"),
        *each(_gil, "pydantic.BaseModel", "model_validate_json model_dump_json model_validate model_dump"),
        Blocking("fastapi.encoders.jsonable_encoder", Kind.CPU, '`model_dump(mode="json")`', weight="low"),
        # Unlike `re`, it releases the interpreter while it looks.
        *each(
            Blocking("", Kind.CPU, "a worker thread", weight="low"),
            "regex",
            "match search fullmatch sub findall finditer split",
        ),
    ),
    returns={
        **alike(_READS, "pandas.DataFrame", "pandas"),
        "pandas.DataFrame": "pandas.DataFrame",
        **alike("merge concat", "pandas.DataFrame", "pandas"),
        **alike(
            "merge sort_values dropna fillna drop rename reset_index copy head query assign",
            "pandas.DataFrame",
            "pandas.DataFrame",
        ),
        **alike("scan_csv scan_parquet", "polars.LazyFrame", "polars"),
        **alike(
            "filter select with_columns group_by sort join limit", "polars.LazyFrame", "polars.LazyFrame"
        ),
        "PIL.Image.open": "PIL.Image.Image",
        "PIL.Image.new": "PIL.Image.Image",
        "PIL.Image.fromarray": "PIL.Image.Image",
        **alike("resize convert rotate filter crop transpose copy", "PIL.Image.Image", "PIL.Image.Image"),
        "cv2.VideoCapture": "cv2.VideoCapture",
        "sentence_transformers.SentenceTransformer": "sentence_transformers.SentenceTransformer",
        "sentence_transformers.CrossEncoder": "sentence_transformers.CrossEncoder",
        **{name: name for name in (*_EMBEDDERS, "fastembed.rerank.cross_encoder.TextCrossEncoder")},
        "llama_cpp.Llama": "llama_cpp.Llama",
        "whisper.load_model": "whisper.model.Whisper",
        "chonkie.AutoEmbeddings.get_embeddings": "chonkie.BaseEmbeddings",
        **{name: name for name in _CHUNKERS},
        "transformers.pipeline": "transformers.Pipeline",
        "onnxruntime.InferenceSession": "onnxruntime.InferenceSession",
        "ultralytics.YOLO": "ultralytics.YOLO",
        "easyocr.Reader": "easyocr.Reader",
        "paddleocr.PaddleOCR": "paddleocr.PaddleOCR",
        "insightface.app.FaceAnalysis": "insightface.app.FaceAnalysis",
        "FlagEmbedding.BGEM3FlagModel": "FlagEmbedding.BGEM3FlagModel",
        "FlagEmbedding.FlagReranker": "FlagEmbedding.FlagReranker",
        "spacy.load": "spacy.language.Language",
        "spacy.blank": "spacy.language.Language",
        "presidio_analyzer.AnalyzerEngine": "presidio_analyzer.AnalyzerEngine",
        "matplotlib.pyplot.figure": "matplotlib.figure.Figure",
        "matplotlib.pyplot.gcf": "matplotlib.figure.Figure",
        "matplotlib.pyplot.subplots": "matplotlib.pyplot.subplots",  # the figure and what is drawn on it
        "matplotlib.pyplot.subplots.__getitem__": "matplotlib.figure.Figure",
        "ffmpeg.input": _STREAM,
        "ffmpeg.output": _STREAM,
        **alike("output overwrite_output global_args filter trim", _STREAM, _STREAM),
        "ffmpeg.run_async": "subprocess.Popen",
        f"{_STREAM}.run_async": "subprocess.Popen",
        "matplotlib.figure.Figure": "matplotlib.figure.Figure",
        **{name: name for name in (_SOUND, *_DRAWN, _FIGURE, "pypdf.PdfWriter", "rdflib.Graph")},
        **alike(f"{_READS_SOUND} from_wav empty silent", _SOUND, _SOUND),
        **alike(
            "set_frame_rate set_channels set_sample_width overlay append fade_in fade_out", _SOUND, _SOUND
        ),
        **{
            f"plotly.express.{name}": _FIGURE
            for name in ("line", "bar", "scatter", "pie", "histogram", "box", "area", "imshow", "treemap")
        },
        "plotly.subplots.make_subplots": _FIGURE,
        "pypdfium2.PdfDocument": "pypdfium2.PdfDocument",
        **alike("__getitem__ get_page new_page", "pypdfium2.PdfPage", "pypdfium2.PdfDocument"),
        "reportlab.pdfgen.canvas.Canvas": "reportlab.pdfgen.canvas.Canvas",
        "docx.Document": "docx.document.Document",
        "readability.Document": "readability.Document",
        "faster_whisper.WhisperModel": "faster_whisper.WhisperModel",
        "markitdown.MarkItDown": "markitdown.MarkItDown",
        "weasyprint.HTML": "weasyprint.HTML",
        "openpyxl.Workbook": "openpyxl.Workbook",
        "xlsxwriter.Workbook": "xlsxwriter.Workbook",
        "reportlab.platypus.SimpleDocTemplate": "reportlab.platypus.SimpleDocTemplate",
        **{name: name for name in (*_CLIPS, "moviepy.AudioFileClip")},
        **alike(
            "subclipped resized cropped rotated with_audio", "moviepy.VideoFileClip", "moviepy.VideoFileClip"
        ),
        "moviepy.concatenate_videoclips": "moviepy.CompositeVideoClip",
        "openpyxl.load_workbook": "openpyxl.Workbook",
        "pydantic.TypeAdapter": "pydantic.TypeAdapter",
    },
    items={"pypdfium2.PdfDocument": "pypdfium2.PdfPage"},
    attributes={f"{_STREAM}.video": _STREAM, f"{_STREAM}.audio": _STREAM},
    aliases={
        "PyPDF2": "pypdf",
        "plotly.graph_objs": "plotly.graph_objects",
        "pydub.audio_segment.AudioSegment": _SOUND,
        "pandas.core.frame.DataFrame": "pandas.DataFrame",
        "pandas.io.parsers.read_csv": "pandas.read_csv",
        "openpyxl.workbook.Workbook": "openpyxl.Workbook",
        "moviepy.editor": "moviepy",
        "xlsxwriter.workbook.Workbook": "xlsxwriter.Workbook",
        "reportlab.platypus.doctemplate.SimpleDocTemplate": "reportlab.platypus.SimpleDocTemplate",
        "pydantic.main.BaseModel": "pydantic.BaseModel",
        "docx.api.Document": "docx.Document",
        "spacy.Language": "spacy.language.Language",
        "transformers.pipelines.pipeline": "transformers.pipeline",
        "transformers.pipelines.Pipeline": "transformers.Pipeline",
        "transformers.pipelines.base.Pipeline": "transformers.Pipeline",
        "chonkie.embeddings.BaseEmbeddings": "chonkie.BaseEmbeddings",
        "chonkie.embeddings.AutoEmbeddings": "chonkie.AutoEmbeddings",
    },
)
