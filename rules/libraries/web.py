"""What reads the web: searches, pages, papers, videos."""

from rules.libraries.model import PLAIN, Library, Sdk, leaving, made, waiting

_PAPERS = "arxiv.Results"
"""A generator: it asks when somebody goes through it."""
_SDKS = (
    Sdk((_PAPERS,), "__iter__", PLAIN),
    Sdk((), "", awaited=("crawl4ai.AsyncWebCrawler",), awaited_calls="arun arun_many"),
    Sdk(("serpapi.GoogleSearch",), "get_dict get_json get_dictionary", "an asynchronous HTTP client"),
    Sdk(("yt_dlp.YoutubeDL",), "extract_info download", "a queue worker"),
    Sdk(
        ("youtube_transcript_api.YouTubeTranscriptApi",),
        "get_transcript list_transcripts get_transcripts fetch list",
    ),
    Sdk(("duckduckgo_search.DDGS", "ddgs.DDGS"), "text news images videos", "a queue worker"),
    Sdk(("trafilatura",), "fetch_url"),
    Sdk(("newspaper.Article",), "download"),
)

LIBRARY = Library(
    former={
        **{
            f"youtube_transcript_api.YouTubeTranscriptApi.{name}": "youtube-transcript-api==0.6.3"
            for name in ("get_transcript", "get_transcripts", "list_transcripts")
        },
    },
    blocking=(*waiting(_SDKS),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS, _PAPERS),
        "arxiv.Client.results": _PAPERS,
    },
)
