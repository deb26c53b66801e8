"""Speech from text and text from speech."""

from rules.libraries.model import TLS, Client, Library, Sdk, below, leaving, made, waiting

_VOICE = (
    below("text_to_speech", "convert convert_with_timestamps stream stream_with_timestamps")
    + " "
    + (
        "speech_to_text.convert text_to_sound_effects.convert speech_to_speech.convert audio_isolation.convert"
        " voices.get voices.get_all voices.search models.list history.list user.get"
    )
)
_LISTEN = "listen.v1.media.transcribe_url listen.v1.media.transcribe_file speak.v1.audio.generate"
_SDKS = (
    Sdk(
        ("edge_tts.Communicate",),
        "save_sync stream_sync",
        "`save` or `stream`, awaited",
        ("edge_tts.Communicate",),
        "save stream",
    ),
    Sdk(("elevenlabs.ElevenLabs",), _VOICE, "`AsyncElevenLabs`", ("elevenlabs.AsyncElevenLabs",), kind="llm"),
    Sdk(
        ("deepgram.DeepgramClient",),
        _LISTEN,
        "`AsyncDeepgramClient`",
        ("deepgram.AsyncDeepgramClient",),
        kind="llm",
    ),
    Sdk(("assemblyai.Transcriber",), "transcribe transcribe_group", kind="llm"),
    Sdk(("gtts.gTTS",), "save write_to_fp"),
    Sdk(("speech_recognition.Recognizer",), "recognize_google recognize_openai"),
)

LIBRARY = Library(
    blocking=(*waiting(_SDKS),),
    clients=(
        Client("elevenlabs.ElevenLabs", "", "sdk", TLS, 19.0),
        Client("elevenlabs.AsyncElevenLabs", "", "sdk", TLS, 22.0, is_async=True),
        Client("deepgram.DeepgramClient", "", "sdk", TLS, 18.0),
        Client("deepgram.AsyncDeepgramClient", "", "sdk", TLS, 21.0, is_async=True),
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
    },
    aliases={
        "elevenlabs.client.ElevenLabs": "elevenlabs.ElevenLabs",
        "elevenlabs.client.AsyncElevenLabs": "elevenlabs.AsyncElevenLabs",
    },
)
