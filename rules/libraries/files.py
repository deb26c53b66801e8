"""File systems and buckets beyond the large clouds."""

from rules.libraries.model import PLAIN, Kind, Library, Sdk, leaving, made, waiting

_SIGNED = "`httpx2.AsyncClient` with a signed address"
_DIRECTORY = "files_upload files_download files_list_folder files_delete_v2 files_get_temporary_link files_get_metadata"
_BUCKET = "put_object put_object_from_file get_object get_object_to_file delete_object object_exists list_objects_v2"
_COS = "put_object get_object upload_file download_file delete_object head_object list_objects copy_object"
_KINTO = (
    "server_info get_records get_record get_paginated_records create_record update_record patch_record delete_record"
    " get_bucket get_collection get_changeset"
)
_STORED = "the file system made with `asynchronous=True`"
_NAMED_FILES = "fsspec.NamedFileSystem"
"""What `fsspec.filesystem(protocol)` gives where the protocol is no other machine's, or nobody knows."""
_WITH_PATH = "fsspec.FileSystemAndPath"
"""What `fsspec.core.url_to_fs(url)` gives: the file system, and the path there."""
_FILE_SYSTEMS = ("s3fs.S3FileSystem", "gcsfs.GCSFileSystem", "adlfs.AzureBlobFileSystem")
_FILES = (
    "ls find glob exists info isfile isdir open cat cat_file cat_ranges pipe pipe_file put put_file get get_file rm rm_file"
    " mkdir makedirs mv copy cp_file du walk touch read_bytes read_text write_bytes write_text"
)
_SDKS = (
    Sdk(
        ("oci.object_storage.ObjectStorageClient",),
        "put_object get_object head_object delete_object list_objects list_buckets get_bucket get_namespace"
        " create_preauthenticated_request",
        PLAIN,
    ),
    Sdk(("fsspec.AbstractFileSystem",), _FILES, _STORED),
    Sdk((_NAMED_FILES,), _FILES, PLAIN, waits=Kind.DISK),
    Sdk(("oss2.Bucket",), _BUCKET, _SIGNED),
    Sdk(("qcloud_cos.CosS3Client",), _COS, _SIGNED),
    Sdk(("kinto_http.Client",), _KINTO, "`kinto_http.AsyncClient`", ("kinto_http.AsyncClient",)),
    Sdk(("dropbox.Dropbox",), _DIRECTORY),
)

LIBRARY = Library(
    blocking=(*waiting(_SDKS),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS, "fsspec.AbstractFileSystem", _NAMED_FILES),
        **{name: name for name in _FILE_SYSTEMS},
        "fsspec.filesystem": _NAMED_FILES,
        "fsspec.core.url_to_fs": _WITH_PATH,
        f"{_WITH_PATH}[0]": _NAMED_FILES,
    },
    bases=dict.fromkeys(_FILE_SYSTEMS, "fsspec.AbstractFileSystem"),
    aliases={
        "fsspec.url_to_fs": "fsspec.core.url_to_fs",
        "fsspec.spec.AbstractFileSystem": "fsspec.AbstractFileSystem",
        "s3fs.core.S3FileSystem": "s3fs.S3FileSystem",
        "gcsfs.core.GCSFileSystem": "gcsfs.GCSFileSystem",
    },
)
