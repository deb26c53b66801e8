"""Where models and data sets are fetched from; what records runs, traces and flags."""

from rules.libraries.model import PLAIN, Client, Library, Sdk, leaving, made, waiting

_HUB_API = "huggingface_hub.HfApi"
_HUB = (
    "whoami model_info dataset_info space_info repo_info repo_exists file_exists list_repo_files list_repo_refs"
    " list_repo_commits create_repo delete_repo create_branch create_commit upload_file upload_folder delete_file"
    " delete_folder delete_branch create_tag get_paths_info get_repo_discussions create_pull_request create_discussion"
    " restart_space pause_space get_space_runtime add_space_secret add_space_variable"
)
_ASKED = "chat_completion text_generation feature_extraction text_to_image"
_FLAGS = "feature_enabled get_feature_flag get_feature_flag_payload get_all_flags flush shutdown"
_SOUGHT = (
    "read_project read_dataset create_dataset create_example create_examples read_run pull_prompt push_prompt"
)
_SDKS = (
    Sdk((_HUB_API, "huggingface_hub"), _HUB, PLAIN),
    Sdk((_HUB_API,), "hf_hub_download snapshot_download", PLAIN),
    Sdk(("huggingface_hub",), "login", PLAIN),
    Sdk((), "", awaited=("huggingface_hub.AsyncInferenceClient",), awaited_calls=_ASKED, kind="llm"),
    Sdk(("posthog.Posthog", "posthog"), _FLAGS, PLAIN),
    Sdk(("langsmith.Client",), _SOUGHT, "`langsmith.AsyncClient`"),
    Sdk(("wandb",), "init login finish", "a queue worker"),
    Sdk(("modelscope.hub.snapshot_download", "modelscope"), "snapshot_download", "a queue worker"),
    Sdk(("gdown",), "download download_folder", "a queue worker"),
    Sdk(("nltk",), "download", "data that the image of the container brings"),
    Sdk(("datasets",), "load_dataset", "a queue worker"),
    Sdk(
        ("langfuse.Langfuse",),
        "flush auth_check create_dataset create_dataset_item get_dataset create_prompt update_prompt",
    ),
)

LIBRARY = Library(
    blocking=(*waiting(_SDKS),),
    clients=(
        Client(
            "posthog.Posthog",
            "shutdown",
            "sdk",
            "a thread that sends what it has queued, and its connections",
        ),
        Client("langsmith.Client", "close", "sdk", "threads that send what is traced, and its connections"),
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
    },
    aliases={
        "huggingface_hub.hf_api.HfApi": _HUB_API,
        "langsmith.client.Client": "langsmith.Client",
    },
)
